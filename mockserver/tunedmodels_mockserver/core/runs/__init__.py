"""Runs: what a tuning run looks like at any moment, and what befalls it."""
