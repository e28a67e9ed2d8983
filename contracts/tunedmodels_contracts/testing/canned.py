"""The canned answers of a world, given by a test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .admin_api import Admin


class Canned:
    """Adds and removes the rules for answers that *admin*'s world has."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin

    def add(self, answer: Any, *, first: bool = False, id: str = "", times: int | None = None, **when: Any) -> str:  # noqa: A002 - the server's word
        """Add one rule and return its id: *answer*, a text or a mapping, where all of *when* holds.

        ``add("Sunny.", contains="weather")`` is the whole of most rules. The rule is the last, or the *first*; it
        answers *times* times at most. Raises WorldError for what the server refuses, with the nearest name.
        """
        rule: dict[str, Any] = {"answer": answer, "when": when}
        rule |= ({"id": id} if id else {}) | ({} if times is None else {"times": times})
        told = self._admin.ask("POST", "canned", rule, at="first" if first else "last")
        return str(told["rules"][0]["id"])

    def replace(self, rules: Iterable[Mapping[str, Any]], *, strict: bool = False) -> None:
        """Put *rules* in the place of all that there are; where *strict*, a call without a rule is an error."""
        self._admin.ask("PUT", "canned", {"rules": list(rules), "strict": strict})

    def misses(self) -> list[dict[str, Any]]:
        """Return the calls that no rule answered, the newest first, each with the nearest rules."""
        return list(self._admin.ask("GET", "canned/misses")["misses"])

    def list(self) -> list[dict[str, Any]]:
        """Return the rules in their order, each with its ``hits``."""
        return list(self._admin.ask("GET", "canned")["rules"])

    def clear(self, rule_id: str | None = None) -> None:
        """Remove one rule, or all."""
        self._admin.ask("DELETE", "canned" if rule_id is None else f"canned/{rule_id}")
