"""Computes the successors of numerals, and counts tokens."""
