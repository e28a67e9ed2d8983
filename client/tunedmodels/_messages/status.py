"""Statuses: what an error says for programs to read (google/rpc/error_details.proto)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .message import Int64, Message

_TYPE = "type.googleapis.com/google.rpc."
_SECONDS = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)s", re.ASCII)

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, kw_only=True)
class ErrorInfo(Message):
    """Why a request was refused, in words that do not change."""

    #: The reason, such as ``API_KEY_INVALID``.
    reason: str = ""
    #: Who gives the reason, such as ``googleapis.com``.
    domain: str = ""
    #: More about it, such as the method that was called.
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True)
class FieldViolation(Message):
    """What is wrong with one field of a request."""

    #: The path of the field in the request message; empty for the whole of it.
    field: str = ""
    #: What is wrong with it.
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class QuotaViolation(Message):
    """A quota that was used up."""

    #: What the quota is for, such as a project.
    subject: str = ""
    #: How it was used up.
    description: str = ""
    #: What is counted.
    quota_metric: str = ""
    #: The name of the quota; it tells whether it is a minute's or a day's.
    quota_id: str = ""
    #: What it is counted by, such as the model.
    quota_dimensions: Mapping[str, str] = field(default_factory=dict, hash=False)
    #: How much of it there is.
    quota_value: Int64 = 0


@dataclass(frozen=True, kw_only=True)
class HelpLink(Message):
    """Where more can be read."""

    #: What is to be read there.
    description: str = ""
    #: The address.
    url: str = ""


def details_of_type(
    details: tuple[Mapping[str, Any], ...], kind: type[M], type_name: str, member: str = ""
) -> tuple[M, ...]:
    """Return the *details* of type google.rpc.*type_name* as messages, or those in their list *member*.

    What is not in the form of its type is left out: an error about an error helps nobody.
    """
    return tuple(_iter_details(details, kind, type_name, member))


def retry_delay(details: tuple[Mapping[str, Any], ...]) -> float | None:
    """Return after how many seconds the service wants to be asked again, None where *details* do not say."""
    for detail in details:
        match = (
            _SECONDS.fullmatch(str(detail.get("retryDelay"))) if detail.get("@type") == f"{_TYPE}RetryInfo" else None
        )
        if match:
            return float(match[1])
    return None


def _iter_details(details: tuple[Mapping[str, Any], ...], kind: type[M], type_name: str, member: str) -> Iterator[M]:
    for detail in details:
        if detail.get("@type") != _TYPE + type_name:
            continue
        items = detail.get(member) if member else [{name: item for name, item in detail.items() if name != "@type"}]
        for item in items if isinstance(items, list) else ():
            with suppress(ValueError):
                yield kind.from_json(item)
