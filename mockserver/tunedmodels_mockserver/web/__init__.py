"""The HTTP surface: read the request, ask the core, answer."""
