"""Contains the target live, the real API, with a budget and with a ledger of what a run creates."""
