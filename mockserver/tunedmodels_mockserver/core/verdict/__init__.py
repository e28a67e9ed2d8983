"""Verdict: judges from the journal how a client behaved."""
