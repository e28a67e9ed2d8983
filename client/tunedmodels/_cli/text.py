"""Text: what the service says, in a form that a terminal can be given.

Names and descriptions come from other people. A control character in one could move the cursor, hide a line or
change the title of the window, so it is shown and not sent.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from .._messages.timestamp import Timestamp

NONE = "-"
"""What stands in the place of nothing: a table with holes cannot be read."""

# Controls, halves of surrogate pairs, separators of lines and paragraphs.
_ESCAPED_CATEGORIES = ("Cc", "Cs", "Zl", "Zp")
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # they show text in another order

_COLOURS = {
    "ACTIVE": "green",
    "CREATING": "yellow",
    "FAILED": "red",
    "done": "green",
    "running": "yellow",
    "failed": "red",
    "cancelled": "red",
}


def escape(text: object, keep: str = "") -> str:
    """Return *text* with what a terminal would obey written out, as ``\\x1b``; the characters of *keep* stay."""
    return "".join(character if character in keep else _escape_character(character) for character in str(text))


def one_line(text: str) -> str:
    """Return *text* as one line."""
    return escape(" ".join(text.split()))


def styled_state(name: str) -> str:
    """Return the name of a state, in its colour where colours are wanted."""
    return click.style(escape(name), fg=_COLOURS.get(name)) if has_colours() else escape(name)


def is_terminal() -> bool:
    """Whether stdout is a terminal."""
    return sys.stdout.isatty()


def has_colours() -> bool:
    """Whether stdout takes colours: a terminal does, unless ``NO_COLOR`` is set to anything."""
    return is_terminal() and not os.environ.get("NO_COLOR")


def local_time(time: Timestamp | None) -> str:
    """Return *time* as that of this machine, to the second."""
    if time is None:
        return NONE
    try:
        return time.astimezone().isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):  # the first and the last day there are have no other time zones
        return time.rfc3339()


def is_encodable(text: str) -> bool:
    """Whether stdout has all characters of *text*."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _escape_character(character: str) -> str:
    if unicodedata.category(character) in _ESCAPED_CATEGORIES or character in _BIDI_CONTROLS:
        return character.encode("unicode_escape").decode("ascii")
    return character
