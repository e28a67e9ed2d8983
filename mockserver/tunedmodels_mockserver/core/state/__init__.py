"""Defines the state of worlds, the interface and the memory implementation of stores, and the format of state files."""
