"""Faults: what goes wrong when a test asks for it."""
