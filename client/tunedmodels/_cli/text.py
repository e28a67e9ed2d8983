"""Makes text of the service safe for a terminal.

Names and descriptions come from other people. A control character in them could move the cursor, hide a line or
change the title of the window, so the command prints it as an escape sequence.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from .._messages.timestamp import Timestamp

# Control characters, halves of surrogate pairs, line separators and paragraph separators.
_ESCAPED_CATEGORIES = ("Cc", "Cs", "Zl", "Zp")
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # they change the order of text

_COLORS = {
    "ACTIVE": "green",
    "CREATING": "yellow",
    "FAILED": "red",
    "done": "green",
    "running": "yellow",
    "failed": "red",
    "cancelled": "red",
}


def escape(text: object, keep: str = "") -> str:
    """Return *text* with its control characters escaped, as ``\\x1b``. The characters in *keep* stay."""
    return "".join(character if character in keep else _escape_character(character) for character in str(text))


def one_line(text: str) -> str:
    """Return *text* as one line, with its control characters escaped."""
    return escape(" ".join(text.split()))


def styled_state(name: str) -> str:
    """Return the name of a state, in its color if stdout takes colors."""
    return click.style(escape(name), fg=_COLORS.get(name)) if has_colors() else escape(name)


def is_terminal() -> bool:
    """Return whether stdout is a terminal."""
    return sys.stdout.isatty()


def has_colors() -> bool:
    """Return whether stdout takes colors. A terminal does, unless ``NO_COLOR`` is set to a text that is not empty."""
    return is_terminal() and not os.environ.get("NO_COLOR")


def local_time(time: Timestamp | None) -> str:
    """Return *time* in the local time zone, to the second, or an empty text for None."""
    if time is None:
        return ""
    try:
        return time.astimezone().isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):  # datetime ends at the years 1 and 9999
        return time.rfc3339()


def is_encodable(text: str) -> bool:
    """Return whether the encoding of stdout has all characters of *text*."""
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _escape_character(character: str) -> str:
    if unicodedata.category(character) in _ESCAPED_CATEGORIES or character in _BIDI_CONTROLS:
        return character.encode("unicode_escape").decode("ascii")
    return character
