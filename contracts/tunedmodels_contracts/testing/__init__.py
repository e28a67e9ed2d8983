"""Testing: what the fixtures and ``intercept`` are made of."""
