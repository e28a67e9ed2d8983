"""Reads files that users write for a server, and writes files for users."""
