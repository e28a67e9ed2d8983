"""Has the simulation as pure functions and values.

Callers pass in the time and the random seed. No module in this package imports Flask.
"""
