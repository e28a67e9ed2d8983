"""The log: where the fake tells what a user should know. Credentials never go in."""

from __future__ import annotations

import logging

from .core.journal import masking

LOG = logging.getLogger("tunedmodels_mockserver")


def one_line(text: str) -> str:
    """Return *text*, such as a path, without secrets and without the line breaks that would begin a line of the log."""
    return masking.query(text).encode("unicode_escape").decode("ascii")
