"""Contains the schema of the published API, and checks answers by it. It is read apart from the mock server's facts.

``validate`` checks answers, and ``drift`` compares a newer discovery document. Nothing here imports the client or the
mock server.
"""
