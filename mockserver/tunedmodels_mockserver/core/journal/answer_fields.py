"""Reads the few members of an answer that decide what a client does next. The journal and the verdict use them."""

from __future__ import annotations

from typing import Any

import msgspec


class ErrorDetail(msgspec.Struct, frozen=True, rename="camel"):
    """One detail of an error. Only RetryInfo has a delay."""

    retry_delay: str | None = None


class ErrorFields(msgspec.Struct, frozen=True):
    """The error of an answer, or of a finished operation."""

    code: int = 0
    message: str = ""
    status: str = ""
    details: tuple[ErrorDetail, ...] = ()


class Metadata(msgspec.Struct, frozen=True, rename="camel"):
    """The metadata of an operation: the name of the model that it creates."""

    tuned_model: str = ""


class AnswerFields(msgspec.Struct, frozen=True, rename="camel"):
    """The members of an answer that decide what a client does next. ``done`` is None if the answer does not have it."""

    name: str = ""
    state: str | int = ""
    done: bool | None = None
    error: ErrorFields | None = None
    metadata: Metadata = Metadata()
    next_page_token: str = ""

    @property
    def retry_delay(self) -> float | None:
        """The delay in seconds of the first RetryInfo that has a valid one, or None."""
        delays = (detail.retry_delay for detail in (self.error.details if self.error else ()))
        return next((seconds for seconds in map(_seconds, delays) if seconds is not None), None)


NO_FIELDS = AnswerFields()


def read_fields(data: bytes) -> AnswerFields:
    """Return the fields of the answer *data*; if it is a list, such as a stream, those of the first item.

    Return empty fields if *data* is not valid JSON or does not fit.
    """
    try:
        if data.lstrip()[:1] == b"[":
            return next(iter(msgspec.json.decode(data, type=list[AnswerFields])), NO_FIELDS)
        return msgspec.json.decode(data, type=AnswerFields)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return NO_FIELDS


def json_or_text(data: bytes) -> Any:
    """Return *data* as plain Python if it is JSON, else as text."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return data.decode("utf-8", "replace")


def _seconds(duration: str | None) -> float | None:
    try:
        return float(duration.removesuffix("s")) if duration else None
    except ValueError:
        return None
