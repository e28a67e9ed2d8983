"""Sends requests, with credentials, retries and deadlines, and converts failures to the package's errors."""
