"""Resources of the API: a module for each, with the methods that a client has for it."""
