"""The target live: the real API, within a budget, with a ledger of what a run creates."""
