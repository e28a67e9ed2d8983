"""Stores worlds outside the process, in SQL databases. It imports the core; the core does not import it."""
