"""Training data: reads examples from Python values, files and URLs."""
