"""Computes the state of tuning runs at any moment, and applies the events of their scripts."""
