"""Contains the clauses, one module for each subject. Each clause is a pytest test; ``tunedmodels-contracts run`` checks
them.
"""
