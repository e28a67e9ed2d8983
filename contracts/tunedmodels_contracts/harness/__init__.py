"""The tools of a clause: the API, its answers, tuning runs and the invariants of their operations."""
