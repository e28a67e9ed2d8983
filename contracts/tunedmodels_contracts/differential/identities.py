"""Identities: what two servers call differently and mean alike, replaced by names that are the same for both."""

from __future__ import annotations

import re

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?P<digits>\.\d+)?(?P<zone>Z|[+-]\d\d:?\d\d)?")

# What is called by a number: the kind, and what it looks like where it is seen first.
_NAMES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("operation", re.compile(r"(?<=/operations/)[A-Za-z0-9_-]+")),
    ("permission", re.compile(r"(?<=/permissions/)\d+")),
    ("model", re.compile(r"(?<=tunedModels/)[A-Za-z0-9][A-Za-z0-9._-]*")),
    ("made", re.compile(r"(?:contracts-)?[0-9a-f]{16}0*")),
)
_MEMBERS = {"nextPageToken": "page", "pageToken": "page", "emailAddress": "address"}


class Identities:
    """Numbers the names of one server in the order in which they are seen. What was seen is known everywhere after.

    ``cancelled`` has the models, by their own names, whose runs were seen to be stopped: somewhere on their way.
    """

    def __init__(self) -> None:
        self.cancelled: set[str] = set()
        self._known: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def text(self, text: str) -> str:
        """Return *text* with names and times replaced; a time keeps its form: ``<time .6 Z>``."""
        for kind, pattern in _NAMES:
            text = pattern.sub(lambda found, kind=kind: self._placeholder(kind, found[0]), text)  # type: ignore[misc]
        for name in re.findall(r"[A-Za-z0-9@._=+%-]{8,}", text):
            if name in self._known:
                text = text.replace(name, self._known[name])
        return _TIME.sub(_time_placeholder, text)

    def normalize_member(self, name: str, value: str) -> str:
        """Return the value of the member *name*, which may say what it is."""
        return self._placeholder(_MEMBERS[name], value) if name in _MEMBERS and value else self.text(value)

    def _placeholder(self, kind: str, name: str) -> str:
        if name not in self._known:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._known[name] = f"<{kind}:{self._counts[kind]}>"
        return self._known[name]


def time_form(text: str) -> str | None:
    """Return the form of a time that *text* is, as ``Identities`` writes it; None where it is none."""
    return text if re.fullmatch(r"<time [^>]*>", text) else None


def _time_placeholder(found: re.Match[str]) -> str:
    digits = len(found["digits"] or ".") - 1
    separator = "" if found[0][10] == "T" else " apart"
    return f"<time .{digits} {found['zone'] or 'without a zone'}{separator}>"
