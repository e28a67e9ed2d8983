"""Contains the targets that clauses check, one module for each kind. A clause does not know which target it has."""
