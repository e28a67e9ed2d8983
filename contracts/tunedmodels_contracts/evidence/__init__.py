"""Evidence: what supports each clause, from citations and recordings, and the differences that are known."""
