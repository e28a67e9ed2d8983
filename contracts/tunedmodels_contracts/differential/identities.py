"""Replaces ids, times and tokens in texts by placeholders, which are the same for two servers."""

from __future__ import annotations

import re

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?P<digits>\.\d+)?(?P<zone>Z|[+-]\d\d:?\d\d)?")

# The kinds of names that get a number, each with the pattern of its first occurrence.
_NAMES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("operation", re.compile(r"(?<=/operations/)[A-Za-z0-9_-]+")),
    ("permission", re.compile(r"(?<=/permissions/)\d+")),
    ("model", re.compile(r"(?<=tunedModels/)[A-Za-z0-9][A-Za-z0-9._-]*")),
    ("id", re.compile(r"(?:contracts-)?[0-9a-f]{16}0*")),
)
_MEMBERS = {"nextPageToken": "page", "pageToken": "page", "emailAddress": "address"}


class Identities:
    """Numbers the names of one server in order of their first occurrence, and recognizes them everywhere later.

    ``cancelled`` has the models, by their own names, whose runs were cancelled on the way.
    """

    def __init__(self) -> None:
        self.cancelled: set[str] = set()
        self._known: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def text(self, text: str) -> str:
        """Return *text* with placeholders for names and times.

        The placeholder of a time shows its form: ``<time .6 Z>``.
        """
        for kind, pattern in _NAMES:
            text = pattern.sub(lambda match, kind=kind: self._placeholder(kind, match[0]), text)  # type: ignore[misc]
        for name in re.findall(r"[A-Za-z0-9@._=+%-]{8,}", text):
            if name in self._known:
                text = text.replace(name, self._known[name])
        return _TIME.sub(_time_placeholder, text)

    def normalize_member(self, name: str, value: str) -> str:
        """Return *value* of the member *name* with placeholders. The name of the member may give its kind."""
        return self._placeholder(_MEMBERS[name], value) if name in _MEMBERS and value else self.text(value)

    def _placeholder(self, kind: str, name: str) -> str:
        if name not in self._known:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._known[name] = f"<{kind}:{self._counts[kind]}>"
        return self._known[name]


def time_form(text: str) -> str | None:
    """Return *text* if it is the placeholder of a time, else None."""
    return text if re.fullmatch(r"<time [^>]*>", text) else None


def _time_placeholder(match: re.Match[str]) -> str:
    digits = len(match["digits"] or ".") - 1
    separator = "" if match[0][10] == "T" else " apart"
    return f"<time .{digits} {match['zone'] or 'without a zone'}{separator}>"
