"""Strict YAML: reads files that people write, and names the line of each mistake."""
