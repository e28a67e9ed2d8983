"""Callers: who asks, and whether their credentials let them."""
