"""Told: of an answer's JSON the few members by which a reader decides how to go on."""

from __future__ import annotations

from typing import Any

import msgspec


class ErrorDetail(msgspec.Struct, frozen=True, rename="camel"):
    """One detail of an error; only RetryInfo has a delay."""

    retry_delay: str | None = None


class ErrorFields(msgspec.Struct, frozen=True):
    """An error: of an answer, or of a finished operation."""

    code: int = 0
    message: str = ""
    status: str = ""
    details: tuple[ErrorDetail, ...] = ()


class Metadata(msgspec.Struct, frozen=True, rename="camel"):
    """Of an operation's metadata: the model it makes."""

    tuned_model: str = ""


class AnswerFields(msgspec.Struct, frozen=True, rename="camel"):
    """What an answer said. ``done`` is None where it did not say."""

    name: str = ""
    state: str | int = ""
    done: bool | None = None
    error: ErrorFields | None = None
    metadata: Metadata = Metadata()
    next_page_token: str = ""

    @property
    def retry_delay(self) -> float | None:
        """The seconds that RetryInfo asks for."""
        delays = (detail.retry_delay for detail in (self.error.details if self.error else ()))
        return next((seconds for seconds in map(_seconds, delays) if seconds is not None), None)


NO_FIELDS = AnswerFields()


def read_fields(data: bytes) -> AnswerFields:
    """Return what the answer *data* says; of a list, such as a stream, what its first says."""
    try:
        if data.lstrip()[:1] == b"[":
            return next(iter(msgspec.json.decode(data, type=list[AnswerFields])), NO_FIELDS)
        return msgspec.json.decode(data, type=AnswerFields)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return NO_FIELDS


def json_or_text(data: bytes) -> Any:
    """Return the JSON text *data* as plain Python, other text as text."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return data.decode("utf-8", "replace")


def _seconds(duration: str | None) -> float | None:
    try:
        return float(duration.removesuffix("s")) if duration else None
    except ValueError:
        return None
