"""State: what a world keeps, where, and in which form it travels."""
