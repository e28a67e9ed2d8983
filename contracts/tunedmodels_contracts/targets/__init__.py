"""Targets: what the clauses are checked on. One module a kind; the clauses never ask which they have."""
