"""Tracks which clause or shared run sends requests, and makes the ids of the models that each of them creates."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

PREFIX = "contracts-"
"""The start of the id of every model that a session creates."""

RUNS = "runs/"
"""The start of the name of a scope that clauses share."""

_SALT = 3  # bytes: one pair of sessions in millions gets the same value
_DIGITS = 10


def scope_name(clause: str, case: str = "") -> str:
    """Return the name of the scope of *clause*, or of one *case* of it. *case* is the id of the test's parameters."""
    if not case:
        return clause
    # A scan for secrets would take a long number in a file name for an account.
    slug = re.sub(r"(?:\d{6,}|[^a-z0-9])+", "-", case.lower())[:40].strip("-")
    # Two cases can differ only in characters that a file name cannot have.
    digest = "" if slug == case else hashlib.sha256(case.encode()).hexdigest()[:6]
    return f"{clause}/{'-'.join(filter(None, (slug, digest)))}"


def recording_name(scope: str) -> str:
    """Return the name of the recording of *scope*."""
    return scope.replace("/", ".")


@dataclass(frozen=True)
class Scope:
    """A clause, a case of one, or a shared run, with its *name*.

    If a clause runs again, it is a scope with another *attempt*. A shared run is always the same scope.
    """

    name: str
    attempt: int = 0

    @property
    def is_shared(self) -> bool:
        """Whether clauses share the scope."""
        return self.name.startswith(RUNS)


class ScopeTracker:
    """Tracks the current scope of a session. *run* is in all ids and identifies the session; by default it is random.

    An id depends only on the session, the scope and a count, so that a replay makes the recorded ids in any order of
    scopes.
    """

    def __init__(self, run: str = "") -> None:
        self.run = run or secrets.token_hex(_SALT)
        self.ids: dict[str, str] = {}
        self.failed: set[Scope] = set()
        self._stack: list[Scope] = []
        self._run_counts: Counter[str] = Counter()
        self._id_counts: Counter[Scope] = Counter()

    @property
    def current(self) -> Scope | None:
        """The scope that sends requests now, or None between scopes."""
        return self._stack[-1] if self._stack else None

    @contextmanager
    def open_scope(self, name: str) -> Iterator[Scope]:
        """Make the scope called *name* the current one during the block. If the block raises, add the scope to
        ``failed``.
        """
        scope = Scope(name) if name.startswith(RUNS) else Scope(name, self._run_counts[name])
        self._run_counts[name] += 1
        self._stack.append(scope)
        try:
            yield scope
        except BaseException:
            self.failed.add(scope)
            raise
        finally:
            self._stack.remove(scope)

    def new_id(self) -> str:
        """Return an id that no model has: the next one of the current scope."""
        scope = self.current or Scope("")
        self._id_counts[scope] += 1
        count = self._id_counts[scope]
        digest = hashlib.sha256(f"{scope.name} {count}".encode()).hexdigest()[:_DIGITS]
        model_id = f"{PREFIX}{self.run}{digest}"
        self.ids[f"{scope.name}-{count}"] = model_id
        return model_id

    def variables(self, text: str) -> dict[str, str]:
        """Return the values in *text* that this session chose: its own value as ``run``, and its ids. *text* is all
        that a scope sent.
        """
        ids = {label: model_id for label, model_id in self.ids.items() if model_id in text}
        return {"run": self.run, **ids} if self.run in text else ids
