"""The suite: the clauses, one module a subject. Each is a pytest test; ``tunedmodels-contracts run`` checks them."""
