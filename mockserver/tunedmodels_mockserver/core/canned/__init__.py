"""Canned answers: rules, and what they make of a prompt."""
