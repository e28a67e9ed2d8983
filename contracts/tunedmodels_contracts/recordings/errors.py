"""The errors for a test whose requests do not match a recording."""

from __future__ import annotations


# Not an error of requests, not a ValueError and not an OSError: a client treats those as a network failure, retries,
# and reports a different error. An AssertionError means that the test fails.
class ReplayError(AssertionError):
    """The requests of a test do not match a recording."""


class UnrecordedRequest(ReplayError):
    """A request is in no recording, or the test sent it more often than it was recorded."""


class UnusedExchanges(ReplayError):
    """The recording has exchanges that the test did not request."""
