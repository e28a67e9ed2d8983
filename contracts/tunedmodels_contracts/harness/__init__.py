"""Harness: what a clause works with: the API, its answers, tuning runs and their invariants."""
