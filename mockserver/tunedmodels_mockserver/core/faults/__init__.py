"""Defines the faults that a test can arm, and decides which of them fire at a call."""
