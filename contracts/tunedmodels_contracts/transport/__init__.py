"""Transport: adapters that carry requests to a WSGI application, and the recognition of create and delete calls."""
