"""Contains the definition of a clause, the index of all clauses, and the results of a run."""
