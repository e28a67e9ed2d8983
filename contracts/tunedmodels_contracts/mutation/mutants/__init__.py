"""Mutants: servers that are wrong in one way each, a module for each subject."""
