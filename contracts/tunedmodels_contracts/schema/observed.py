"""Collects which outcomes of methods, members, enum values and error statuses of the API appear in answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .methods import method_of
from .surface import Message, Surface, Type

if TYPE_CHECKING:
    import requests

_UNKNOWN = 100  # names that the schema does not have; a server could send any number of them
_LARGEST = 4 * 1024 * 1024  # characters; a larger body is not parsed


class ApiCoverage:
    """The parts of the API that appeared in answers.

    It has no more entries than the schema has names, and at most 100 unknown names, however many answers there are.
    """

    def __init__(self) -> None:
        self.outcomes: set[tuple[str, str]] = set()
        self.members: set[str] = set()
        self.values: set[str] = set()
        self.statuses: set[str] = set()
        self.unknown: set[str] = set()
        self.answers = 0

    def watch(self, session: requests.Session) -> None:
        """Record every answer of *session* from now on."""
        session.hooks["response"].append(self.on_response)

    def on_response(self, response: requests.Response, **how: Any) -> None:
        """Record an answer. Do not read the body of a streamed one, because its reader needs it."""
        text = "" if how.get("stream") else response.content.decode("utf-8", "replace")
        self.note(response.request.method or "", response.request.url or "", response.status_code, text)

    def note(self, http: str, url: str, status: int, text: str) -> None:
        """Record an answer to the HTTP method *http* at *url*. If the schema has no such method, only count the
        answer.
        """
        self.answers += 1
        found = method_of(http, url)
        if found is None:
            return
        on, method = found
        body = _parsed(text)
        if status == 200:
            self.outcomes.add((method.id, "200 OK"))
            # A stream is a list of its messages. With alt=sse it is not JSON, and body is None.
            for value in body if method.stream and isinstance(body, list) else [body]:
                self._look(on, on.messages[method.response], value)
            return
        refusal = body[0] if isinstance(body, list) and len(body) == 1 else body
        error = refusal.get("error") if isinstance(refusal, dict) else None
        name = error.get("status") if isinstance(error, dict) else None
        known = isinstance(name, str) and name in on.http
        self.outcomes.add((method.id, f"{status} {name}" if known else str(status)))
        if known:
            self.statuses.add(str(name))
        self._look(on, on.messages["ErrorAnswer"], refusal)

    def merge(self, other: ApiCoverage) -> None:
        """Add what *other* has recorded."""
        for name in ("outcomes", "members", "values", "statuses", "unknown"):
            getattr(self, name).update(getattr(other, name))
        self.answers += other.answers

    def as_json(self) -> dict[str, Any]:
        """Return the coverage as a value for JSON. ``from_json`` reads it."""
        return {
            "answers": self.answers,
            "outcomes": [list(pair) for pair in sorted(self.outcomes)],
            **{name: sorted(getattr(self, name)) for name in ("members", "values", "statuses", "unknown")},
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ApiCoverage:
        """Return the coverage that ``as_json`` wrote."""
        seen = cls()
        seen.answers = int(value["answers"])
        seen.outcomes = {(method, outcome) for method, outcome in value["outcomes"]}
        for name in ("members", "values", "statuses", "unknown"):
            setattr(seen, name, set(value[name]))
        return seen

    def _look(self, on: Surface, message: Message, value: Any) -> None:
        if not isinstance(value, dict):
            return
        for name, inner in value.items():
            member = message.members.get(name)
            if member is None:
                if name != "@type" and not message.open and len(self.unknown) < _UNKNOWN:
                    self.unknown.add(f"{message.name}.{name:.60}")
                continue
            self.members.add(f"{message.name}.{name}")
            self._look_at(on, member.type, inner)

    def _look_at(self, on: Surface, type_: Type, value: Any) -> None:
        if type_.of is not None:
            inners = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
            for inner in inners:
                self._look_at(on, type_.of, inner)
        elif type_.kind == "message":
            self._look(on, on.messages[type_.name], value)
        elif type_.kind == "any" and isinstance(value, dict):
            payload = on.payload(str(value.get("@type")))
            if payload is not None:
                self._look(*payload, value)
        elif type_.kind == "enum" and isinstance(value, (str, int)):
            names = on.enums[type_.name]
            found = value if value in names else next((name for name, number in names.items() if number == value), None)
            if found is not None:
                self.values.add(f"{type_.name} {found}")
            elif len(self.unknown) < _UNKNOWN:
                self.unknown.add(f"{type_.name} {value!s:.60}")


def _parsed(text: str) -> Any:
    if len(text) > _LARGEST:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None
