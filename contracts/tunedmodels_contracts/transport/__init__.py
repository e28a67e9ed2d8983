"""Adapters of requests, for example to a WSGI application, and functions that recognize create and delete calls."""
