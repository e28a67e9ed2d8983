"""Adapters of requests, for example to a WSGI application, and functions that recognise create and delete calls."""
