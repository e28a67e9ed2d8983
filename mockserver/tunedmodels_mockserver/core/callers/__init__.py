"""Identifies callers and checks their credentials."""
