"""Files that people write for a server, or that it writes for them."""
