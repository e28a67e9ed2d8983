"""Judges the behavior of a client from the journal."""
