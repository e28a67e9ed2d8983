"""Matches the placeholders of a recording, random values and scrubbed secrets, with the values that a test sends."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

Substitutions = dict[str, str]


class Placeholders:
    """The placeholder *values* of a recording, and the values that a test has sent for them so far."""

    def __init__(self, values: Iterable[str]) -> None:
        longest = sorted(set(values), key=len, reverse=True)
        # A value inside a longer word is not a placeholder.
        inner = "|".join(map(re.escape, longest)) or r"(?!)"
        self._values = re.compile(rf"(?<![A-Za-z0-9])(?:{inner})(?![A-Za-z0-9])")
        self._sent: Substitutions = {}

    def matches(self, recorded: str, sent: str, substitutions: Substitutions, within: str = r"[\s\S]+?") -> bool:
        """Whether *sent* equals *recorded* except for the placeholders; adds the sent values to *substitutions*.

        A test must send the same value for a placeholder every time. *within* is the pattern of a permitted value.
        """
        pattern = ""
        values: list[str] = []
        end = 0
        for match in self._values.finditer(recorded):
            pattern += re.escape(recorded[end : match.start()])
            sent_value = self._sent.get(match[0], substitutions.get(match[0]))
            if sent_value is not None:
                pattern += re.escape(sent_value)
            elif match[0] in values:
                pattern += rf"(?:\{values.index(match[0]) + 1})"
            else:
                values.append(match[0])
                pattern += f"({within})"
            end = match.end()
        match_of_sent = re.fullmatch(pattern + re.escape(recorded[end:]), sent)
        if match_of_sent:
            substitutions.update(zip(values, match_of_sent.groups(), strict=True))
        return match_of_sent is not None

    def record(self, substitutions: Substitutions) -> None:
        """Remember the values that were sent for placeholders."""
        self._sent.update(substitutions)

    def substitute(self, recorded: str, *, escaped: bool = False) -> str:
        """Return *recorded* with each placeholder replaced by the sent value; *escaped* as in a JSON string."""

        def sent_text(match: re.Match[str]) -> str:
            text = self._sent.get(match[0], match[0])
            return json.dumps(text, ensure_ascii=False)[1:-1] if escaped else text

        return self._values.sub(sent_text, recorded)
