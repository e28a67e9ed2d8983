"""The canned rules of a world, which a test can add, list and remove."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .admin_api import Admin


class Canned:
    """The canned rules of a world. *admin* sends the requests."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin

    def add(self, answer: Any, *, first: bool = False, id: str = "", times: int | None = None, **when: Any) -> str:  # noqa: A002 - the server's name for it
        """Add one rule and return its id. It answers calls that meet all conditions in *when* with *answer*.

        *answer* is a text or a mapping. Most rules need no more than ``add("Sunny.", contains="weather")``. The rule
        becomes the last one, or the first one if *first* is true. It answers at most *times* times; None means no
        limit. Raises WorldError if the server refuses the rule; for an unknown name the message has the nearest one.
        """
        rule: dict[str, Any] = {"answer": answer, "when": when}
        rule |= ({"id": id} if id else {}) | ({} if times is None else {"times": times})
        answer_json = self._admin.ask("POST", "canned", rule, at="first" if first else "last")
        return str(answer_json["rules"][0]["id"])

    def replace(self, rules: Iterable[Mapping[str, Any]], *, strict: bool = False) -> None:
        """Replace all rules by *rules*. If *strict* is true, a call that no rule answers is an error."""
        self._admin.ask("PUT", "canned", {"rules": list(rules), "strict": strict})

    def misses(self) -> list[dict[str, Any]]:
        """Return the calls that no rule answered, the newest first, each with the nearest rules."""
        return list(self._admin.ask("GET", "canned/misses")["misses"])

    def list(self) -> list[dict[str, Any]]:
        """Return the rules in their order, each with its ``hits``."""
        return list(self._admin.ask("GET", "canned")["rules"])

    def clear(self, rule_id: str | None = None) -> None:
        """Remove the rule *rule_id*, or all rules if it is None."""
        self._admin.ask("DELETE", "canned" if rule_id is None else f"canned/{rule_id}")
