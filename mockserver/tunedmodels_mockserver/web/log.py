"""The log: where the fake tells what a user should know. Credentials never go in."""

from __future__ import annotations

import logging

LOG = logging.getLogger("tunedmodels_mockserver")


def one_line(text: str) -> str:
    """Return *text*, such as a path, without the line breaks that would begin a line of the log."""
    return text.encode("unicode_escape").decode("ascii")
