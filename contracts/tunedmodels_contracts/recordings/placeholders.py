"""What stands in a recording for whatever the test sends: values of chance, and scrubbed secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

Substitutions = dict[str, str]


class Placeholders:
    """*values* of a recording, and what a test has sent in their places so far."""

    def __init__(self, values: Iterable[str]) -> None:
        longest = sorted(set(values), key=len, reverse=True)
        # A value within a longer word is that word's.
        inner = "|".join(map(re.escape, longest)) or r"(?!)"
        self._values = re.compile(rf"(?<![A-Za-z0-9])(?:{inner})(?![A-Za-z0-9])")
        self._sent: Substitutions = {}

    def matches(self, recorded: str, sent: str, substitutions: Substitutions, within: str = r"[\s\S]+?") -> bool:
        """Whether *sent* is *recorded* but for the values; *substitutions* then has what was sent in their places.

        What was once sent in a value's place has to be sent there again. *within* is the pattern of what may be.
        """
        pattern = ""
        values: list[str] = []
        end = 0
        for match in self._values.finditer(recorded):
            pattern += re.escape(recorded[end : match.start()])
            known = self._sent.get(match[0], substitutions.get(match[0]))
            if known is not None:
                pattern += re.escape(known)
            elif match[0] in values:
                pattern += rf"(?:\{values.index(match[0]) + 1})"
            else:
                values.append(match[0])
                pattern += f"({within})"
            end = match.end()
        found = re.fullmatch(pattern + re.escape(recorded[end:]), sent)
        if found:
            substitutions.update(zip(values, found.groups(), strict=True))
        return found is not None

    def record(self, substitutions: Substitutions) -> None:
        """Remember what was sent in the places of values."""
        self._sent.update(substitutions)

    def substitute(self, recorded: str, *, escaped: bool = False) -> str:
        """Return *recorded* with what was sent in place of each value; *escaped* as JSON writes texts."""

        def sent(match: re.Match[str]) -> str:
            text = self._sent.get(match[0], match[0])
            return json.dumps(text, ensure_ascii=False)[1:-1] if escaped else text

        return self._values.sub(sent, recorded)
