"""The journal: what was asked of a world, and what is to be said of it."""
