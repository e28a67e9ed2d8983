"""The HTTP surface of the mock server. It reads requests, asks the core and writes answers."""
