"""Runs pytest from within the package, in this process or in worker processes."""
