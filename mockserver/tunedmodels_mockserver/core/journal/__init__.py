"""Records the requests to a world with their answers, and searches, verifies and repeats them."""
