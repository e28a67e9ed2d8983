"""The logger of the mock server, for messages to its user. Log messages never contain credentials."""

from __future__ import annotations

import logging

from .core.journal import masking

LOG = logging.getLogger("tunedmodels_mockserver")


def one_line(text: str) -> str:
    """Return *text*, such as a path, on one line and without secrets, for use in the log."""
    return masking.mask_query(text).encode("unicode_escape").decode("ascii")
