"""Defines the errors for a store or a state with which a server cannot start."""

from __future__ import annotations


class StartupError(Exception):
    """The server cannot start. The message is a sentence: what cannot be used, why, and what to do."""


class BadStore(StartupError):
    """The store cannot be reached, has another version, or needs a package that is not installed."""


class BadState(StartupError):
    """The file does not contain a state, or a state cannot be written to this path."""
