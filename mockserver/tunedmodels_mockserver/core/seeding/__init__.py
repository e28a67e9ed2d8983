"""Builds the initial states of worlds from a preload."""
