"""Defines the entry of a journal, which has one request with its answer, without secrets."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

import msgspec

from ...wire.protojson.timestamps import format_timestamp
from ...wire.units import SECOND
from .answer_fields import AnswerFields, json_or_text, read_fields

_OVERHEAD = 1000  # approximate bytes of an entry without its bodies
_NAME = re.compile(r"tunedModels/(?P<model>[^/:?]+)(?:/operations/(?P<operation>[^/:?]+))?")


class Body(msgspec.Struct, frozen=True):
    """A body with its secrets masked, truncated if it was long. ``size`` is the number of bytes of the whole body."""

    data: bytes = b""
    size: int = 0

    @property
    def is_truncated(self) -> bool:
        """Whether a part of the body is missing."""
        return self.size > len(self.data)


EMPTY = Body()


class Entry(msgspec.Struct, frozen=True, dict=True):
    """One request and its answer. Secrets are masked.

    ``at`` is the time of the world's clock in nanoseconds since the epoch; it is None if the request did not reach a
    world's clock. ``started`` and ``ended`` are times of the machine's monotonic clock in nanoseconds. ``method`` is
    the id of the API's method; it is empty if no route matched. ``fault`` is the id of the fault that fired, a space,
    and its effect. ``lost`` is true if the connection ended before the whole answer was sent. ``poll`` counts the
    polls of a run; it is None if the request does not poll one. ``long_answer_fields`` has the fields of an answer that
    is too long to store whole.
    """

    http: str
    path: str
    status: int
    started: int
    ended: int
    number: int = 0
    at: int | None = None
    method: str = ""
    caller: str = ""
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    request: Body = EMPTY
    answer: Body = EMPTY
    retry_after: str = ""
    note: str = ""
    fault: str = ""
    allowances: tuple[str, ...] = ()
    lost: bool = False
    poll: int | None = None
    long_answer_fields: AnswerFields | None = None

    @cached_property
    def answer_fields(self) -> AnswerFields:
        """The members of the answer that decide what a client does next."""
        return self.long_answer_fields or read_fields(self.answer.data)

    @cached_property
    def name(self) -> str:
        """The name of the model or operation in the path, or empty; for a successful create, the name in the answer."""
        created = self.method == "tunedModels.create" and self.status == 200
        match = _NAME.search(self.answer_fields.name if created else self.path)
        return match[0] if match else ""

    @property
    def model(self) -> str:
        """The id of the tuned model in ``name``, or empty."""
        match = _NAME.fullmatch(self.name)
        return match["model"] if match else ""

    @property
    def operation(self) -> str:
        """The id of the operation in ``name``, or empty."""
        match = _NAME.fullmatch(self.name)
        return (match["operation"] or "") if match else ""

    @property
    def retry_delay(self) -> float | None:
        """The seconds that the answer asks the caller to wait, by Retry-After or else by RetryInfo, or None."""
        return float(self.retry_after) if self.retry_after.isdecimal() else self.answer_fields.retry_delay

    @property
    def size(self) -> int:
        """The approximate number of bytes that the entry takes in memory."""
        return _OVERHEAD + len(self.request.data) + len(self.answer.data) + len(self.path) + len(self.query)

    @property
    def request_line(self) -> str:
        """The request line, such as ``GET /v1beta/tunedModels/x?fields=name``."""
        return f"{self.http} {self.path}{'?' if self.query else ''}{self.query}"

    def document(self) -> dict[str, Any]:
        """Return the entry as plain JSON."""
        return {
            "number": self.number,
            "time": None if self.at is None else format_timestamp(self.at, 9),
            "monotonic": round(self.started / SECOND, 6),
            "duration": round((self.ended - self.started) / SECOND, 6),
            "http": self.http,
            "path": self.path,
            "query": self.query,
            "method": self.method or None,
            "caller": self.caller or None,
            "model": self.model or None,
            "operation": self.operation or None,
            "poll": self.poll,
            "headers": dict(self.headers),
            "request": _body_document(self.request),
            "status": self.status,
            "answer": _body_document(self.answer),
            "note": self.note or None,
            "fault": self.fault or None,
            "allowances": list(self.allowances),
            "lost": self.lost,
        }


def _body_document(body: Body) -> dict[str, Any] | None:
    if not body.size:
        return None
    content = body.data.decode("utf-8", "replace") if body.is_truncated else json_or_text(body.data)
    return {"content": content, "size": body.size, "cut": body.is_truncated}
