"""Defines the wire format of the API, and reads and writes it. It has no state, no clock and no web framework."""
