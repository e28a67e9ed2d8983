"""Clauses: what one is, the index of all of them, and the results of a run."""
