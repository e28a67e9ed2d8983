"""Contains the evidence for each clause, from citations and recordings, and the known differences of servers."""
