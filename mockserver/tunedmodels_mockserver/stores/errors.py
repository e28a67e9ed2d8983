"""Errors: why a server cannot begin with the store or the state that it is given."""

from __future__ import annotations


class StartupError(Exception):
    """The message is a sentence that names what cannot be used, says why and what to do."""


class BadStore(StartupError):
    """A store that cannot be reached, is of another version, or needs a package that is not installed."""


class BadState(StartupError):
    """A file that has no state, or a place where none can be written."""
