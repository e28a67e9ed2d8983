"""The tools of a clause. They call the API, check its answers, observe tuning runs and check their invariants."""
