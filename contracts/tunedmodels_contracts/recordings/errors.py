"""What is said where a recording is not what a test asks for."""

from __future__ import annotations


# No error of requests, and no ValueError or OSError: a client takes those for a failure of the network, tries
# again, and reports something else. That a test fails is what an AssertionError is for.
class ReplayError(AssertionError):
    """A test and a recording do not go together."""


class UnrecordedRequest(ReplayError):
    """A request that no recording has, or that was sent once more than it was recorded."""


class UnusedExchanges(ReplayError):
    """Exchanges that were recorded, and never asked for."""
