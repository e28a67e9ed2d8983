"""Reads training data from Python values, files and URLs."""
