"""Parts: the clauses and shared runs of which a session consists, and the names of what each of them makes."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

PREFIX = "contracts-"
"""With this begins the name of everything that a session makes."""

RUNS = "runs/"
"""With this begins the name of a part that clauses share."""

_SALT = 3  # bytes: two sessions on one project meet once in millions
_DIGITS = 10


def scope_name(clause: str, case: str = "") -> str:
    """Return the name of the part that is *clause*, or one *case* of it, by the id of its parameters."""
    if not case:
        return clause
    # A long number in a file's name would look like somebody's account to who searches it for secrets.
    slug = re.sub(r"(?:\d{6,}|[^a-z0-9])+", "-", case.lower())[:40].strip("-")
    # Two cases may differ in what a file's name cannot show.
    digest = "" if slug == case else hashlib.sha256(case.encode()).hexdigest()[:6]
    return f"{clause}/{'-'.join(filter(None, (slug, digest)))}"


def recording_name(part: str) -> str:
    """Return how the recording of a part is called."""
    return part.replace("/", ".")


@dataclass(frozen=True)
class Scope:
    """A part by its *name*; a clause that is tried again has another *turn*, a shared run is always the same part."""

    name: str
    turn: int = 0

    @property
    def shared(self) -> bool:
        """Whether clauses share it."""
        return self.name.startswith(RUNS)


class ScopeTracker:
    """Which part of a session it is that asks. *run* is what tells the names of this session from those of others.

    A name follows from the session, the part and its count alone, so that a replay comes to the recorded names in
    whatever order parts are played.
    """

    def __init__(self, run: str = "") -> None:
        self.run = run or secrets.token_hex(_SALT)
        self.ids: dict[str, str] = {}
        self.failed: set[Scope] = set()
        self._open: list[Scope] = []
        self._turns: Counter[str] = Counter()
        self._counts: Counter[Scope] = Counter()

    @property
    def current(self) -> Scope | None:
        """The part that asks; None between parts."""
        return self._open[-1] if self._open else None

    @contextmanager
    def part(self, name: str) -> Iterator[Scope]:
        """Say that what is asked meanwhile is asked by the part called *name*."""
        part = Scope(name) if name.startswith(RUNS) else Scope(name, self._turns[name])
        self._turns[name] += 1
        self._open.append(part)
        try:
            yield part
        except BaseException:
            self.failed.add(part)
            raise
        finally:
            self._open.remove(part)

    def new_id(self) -> str:
        """Return an id that no model has, and that is the next one of the part that asks."""
        part = self.current or Scope("")
        self._counts[part] += 1
        count = self._counts[part]
        digest = hashlib.sha256(f"{part.name} {count}".encode()).hexdigest()[:_DIGITS]
        model_id = f"{PREFIX}{self.run}{digest}"
        self.ids[f"{part.name}-{count}"] = model_id
        return model_id

    def owns(self, model_id: str) -> bool:
        """Whether *model_id* is a name of this session."""
        return model_id.startswith(f"{PREFIX}{self.run}")

    def variables(self, text: str) -> dict[str, str]:
        """Return what in *text*, all that a part has sent, is of this session's choice: the session, and ids."""
        found = {label: model_id for label, model_id in self.ids.items() if model_id in text}
        return {"run": self.run, **found} if self.run in text else found
