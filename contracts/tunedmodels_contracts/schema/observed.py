"""Collects which outcomes of methods, members, enum values and error statuses of the API appear in answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .methods import method_of
from .surface import Message, Surface, Type

if TYPE_CHECKING:
    import requests

_MOST_UNKNOWN = 100  # names that the schema does not have; a server could send any number of them
_MAX_SIZE = 4 * 1024 * 1024  # characters; a larger body is not parsed


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
        self.record(response.request.method or "", response.request.url or "", response.status_code, text)

    def record(self, http: str, url: str, status: int, text: str) -> None:
        """Record an answer to the HTTP method *http* at *url*. If the schema has no such method, only count the
        answer.
        """
        self.answers += 1
        called = method_of(http, url)
        if called is None:
            return
        schema, method = called
        body = _parsed(text)
        if status == 200:
            self.outcomes.add((method.id, "200 OK"))
            # A stream is a list of its messages. With alt=sse it is not JSON, and body is None.
            for value in body if method.stream and isinstance(body, list) else [body]:
                self._record_message(schema, schema.messages[method.response], value)
            return
        error_body = body[0] if isinstance(body, list) and len(body) == 1 else body
        error = error_body.get("error") if isinstance(error_body, dict) else None
        name = error.get("status") if isinstance(error, dict) else None
        is_known = isinstance(name, str) and name in schema.http
        self.outcomes.add((method.id, f"{status} {name}" if is_known else str(status)))
        if is_known:
            self.statuses.add(str(name))
        self._record_message(schema, schema.messages["ErrorAnswer"], error_body)

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
        coverage = cls()
        coverage.answers = int(value["answers"])
        coverage.outcomes = {(method, outcome) for method, outcome in value["outcomes"]}
        for name in ("members", "values", "statuses", "unknown"):
            setattr(coverage, name, set(value[name]))
        return coverage

    def _record_message(self, schema: Surface, message: Message, value: Any) -> None:
        if not isinstance(value, dict):
            return
        for name, inner in value.items():
            member = message.members.get(name)
            if member is None:
                if name != "@type" and not message.open and len(self.unknown) < _MOST_UNKNOWN:
                    self.unknown.add(f"{message.name}.{name:.60}")
                continue
            self.members.add(f"{message.name}.{name}")
            self._record_value(schema, member.type, inner)

    def _record_value(self, schema: Surface, type_: Type, value: Any) -> None:
        if type_.item_type is not None:
            inners = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
            for inner in inners:
                self._record_value(schema, type_.item_type, inner)
        elif type_.kind == "message":
            self._record_message(schema, schema.messages[type_.name], value)
        elif type_.kind == "any" and isinstance(value, dict):
            payload = schema.payload(str(value.get("@type")))
            if payload is not None:
                self._record_message(*payload, value)
        elif type_.kind == "enum" and isinstance(value, (str, int)):
            names = schema.enums[type_.name]
            by_number = next((name for name, number in names.items() if number == value), None)
            value_name = value if value in names else by_number
            if value_name is not None:
                self.values.add(f"{type_.name} {value_name}")
            elif len(self.unknown) < _MOST_UNKNOWN:
                self.unknown.add(f"{type_.name} {value!s:.60}")


def _parsed(text: str) -> Any:
    if len(text) > _MAX_SIZE:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None
