"""Reads YAML files that people write, and names the line of each error."""
