"""Units of time, in nanoseconds: the whole program counts in them."""

MICROSECOND = 1_000
SECOND = 1_000_000_000
