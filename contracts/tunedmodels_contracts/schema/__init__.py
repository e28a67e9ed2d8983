"""The facts of the published API, read apart from the mock server's, and what is judged by them.

``judge`` judges answers and ``drift`` a newer discovery document. Nothing here knows the client or the mock server.
"""
