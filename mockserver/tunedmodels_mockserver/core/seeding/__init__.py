"""Seeding: the state with which new worlds begin."""
