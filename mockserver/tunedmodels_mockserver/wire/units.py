"""Defines units of time in nanoseconds, which the whole program uses for times."""

MICROSECOND = 1_000
SECOND = 1_000_000_000
