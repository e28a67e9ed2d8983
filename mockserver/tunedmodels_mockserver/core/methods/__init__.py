"""Implements the methods of the API, one function for each route, and the code that they share."""
