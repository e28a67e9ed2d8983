"""Reads messages from JSON as leniently as the service does, and writes them exactly as the service does."""
