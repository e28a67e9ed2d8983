"""Contains the messages in the details of an error, for programs. Their source is google/rpc/error_details.proto."""

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
    """The reason why the service refused a request, in a stable form."""

    #: The reason, such as ``API_KEY_INVALID``.
    reason: str = ""
    #: The source of the reason, such as ``googleapis.com``.
    domain: str = ""
    #: More about the reason, such as the method of the request.
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True)
class FieldViolation(Message):
    """The reason why one field of a request is invalid."""

    #: The path of the field in the request message, or empty for the whole message.
    field: str = ""
    #: The reason why the field is invalid.
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class QuotaViolation(Message):
    """A quota that is used up."""

    #: The subject of the quota, such as a project.
    subject: str = ""
    #: A description of how the quota was used up.
    description: str = ""
    #: The metric that the quota counts.
    quota_metric: str = ""
    #: The name of the quota. It contains the period, such as a minute or a day.
    quota_id: str = ""
    #: The dimensions by which the quota counts, such as the model.
    quota_dimensions: Mapping[str, str] = field(default_factory=dict, hash=False)
    #: The size of the quota.
    quota_value: Int64 = 0


@dataclass(frozen=True, kw_only=True)
class HelpLink(Message):
    """A link to more information."""

    #: A description of the linked page.
    description: str = ""
    #: The address of the page.
    url: str = ""


def details_of_type(
    details: tuple[Mapping[str, Any], ...], kind: type[M], type_name: str, member: str = ""
) -> tuple[M, ...]:
    """Return the *details* of the type google.rpc.*type_name* as messages.

    With *member*, return the messages in this list of each detail instead. Leave out invalid details, because an error
    about an error does not help.
    """
    return tuple(_iter_details(details, kind, type_name, member))


def retry_delay(details: tuple[Mapping[str, Any], ...]) -> float | None:
    """Return the seconds that the client should wait before another try, or None if *details* do not say."""
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
