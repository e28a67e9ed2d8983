"""Stores outside the process: SQL databases and files. Knows the core; the core knows nothing of it."""
