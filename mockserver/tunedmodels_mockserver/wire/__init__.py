"""The wire form: what goes over it and how it is written. No state, no clock, no web."""
