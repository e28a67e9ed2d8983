"""Defines the effects that a fault can have on one answer, or on the connection that carries it."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from ..wire.status import AnyValue, Code, Status
from .errors import SERVICE
from .strict_input import nearest

MAX_LATENCY = 60.0  # seconds; all of these are the machine's, not the world's
MAX_STALL = 600.0

Seconds = Annotated[float, Meta(ge=0, le=MAX_LATENCY)]
Bytes = Annotated[int, Meta(ge=0, le=1 << 30)]

# The first five are observed. The others are general wordings of Google's APIs, or our own (invented).
WORDINGS: dict[str, str] = {
    "UNAVAILABLE": "The model is overloaded. Please try again later.",
    "RESOURCE_EXHAUSTED": "Resource has been exhausted (e.g. check quota).",
    "INTERNAL": "An internal error has occurred. Please retry or report in "
    "https://developers.generativeai.google/guide/troubleshooting",
    "UNAUTHENTICATED": "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or "
    "other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.",
    "INVALID_ARGUMENT": "Request contains an invalid argument.",
    "NOT_FOUND": "Requested entity was not found.",
    "ALREADY_EXISTS": "Requested entity already exists.",
    "PERMISSION_DENIED": "The caller does not have permission.",
    "FAILED_PRECONDITION": "Precondition check failed.",
    "ABORTED": "The operation was aborted.",
    "CANCELLED": "The operation was cancelled.",
    "DEADLINE_EXCEEDED": "Deadline expired before operation could complete.",
    "OUT_OF_RANGE": "Request contains a value out of range.",
    "UNIMPLEMENTED": "Operation is not implemented, or supported, or enabled.",
    "UNKNOWN": "An unknown error has occurred.",
    "DATA_LOSS": "Unrecoverable data loss or corruption.",
}

_HELP = {
    "description": "Learn more about Gemini API quotas",
    "url": "https://ai.google.dev/gemini-api/docs/rate-limits",
}


class QuotaViolation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One violation of a QuotaFailure. The default was observed in 2025, for a tuned gemini-1.5-flash."""

    quota_metric: str = f"{SERVICE}/generate_content_free_tier_requests"
    quota_id: str = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
    quota_value: int = 15
    model: str = "gemini-1.5-flash"

    def value(self) -> dict[str, Any]:
        """Return it as the message QuotaFailure.Violation."""
        return {
            "quota_metric": self.quota_metric,
            "quota_id": self.quota_id,
            "quota_dimensions": {"location": "global", **({"model": self.model} if self.model else {})},
            "quota_value": self.quota_value,
        }


class Error(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A google.rpc.Status. Without a ``message`` it has the known wording for its code.

    ``code`` is the name of a code or an HTTP status such as 503. The answer carries ``retry_delay`` (seconds) as
    RetryInfo, ``reason`` as ErrorInfo and ``quota_failure`` as QuotaFailure.
    """

    code: str | int = "UNAVAILABLE"
    message: str = ""
    retry_delay: Annotated[float, Meta(ge=0, le=1e9)] | None = None
    reason: str = ""
    quota_failure: QuotaViolation | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for a code that gRPC does not have."""
        _parse_code(self.code)

    @property
    def status_code(self) -> Code:
        """The code as a member of gRPC's enum."""
        return _parse_code(self.code)

    def status(self) -> Status:
        """Return the status with its details. A QuotaFailure comes with a Help detail (observed)."""
        details = []
        if self.quota_failure:
            failure = {"violations": [self.quota_failure.value()]}
            details.append(AnyValue("v1beta", "google.rpc.QuotaFailure", failure))
            details.append(AnyValue("v1beta", "google.rpc.Help", {"links": [_HELP]}))
        if self.reason:
            info = {"reason": self.reason, "domain": "googleapis.com", "metadata": {"service": SERVICE}}
            details.append(AnyValue("v1beta", "google.rpc.ErrorInfo", info))
        if self.retry_delay is not None:
            details.append(AnyValue("v1beta", "google.rpc.RetryInfo", {"retry_delay": _duration(self.retry_delay)}))
        code = self.status_code
        return Status(code, self.message or WORDINGS[code.name], tuple(details))


def error_of(error: Error | str | int) -> Error:
    """Return *error* as an Error. The name of a code or an HTTP status becomes an error with that code only."""
    return error if isinstance(error, Error) else Error(error)


class Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An HTML page in place of the answer, as a proxy between client and server sends it.

    API clients do not expect one.
    """

    status: Annotated[int, Meta(ge=400, le=599)] = 502
    html: str = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n"


class Latency(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A delay of the answer by ``seconds``, plus up to ``jitter`` seconds drawn from the seed."""

    seconds: Seconds
    jitter: Seconds = 0.0

    def __post_init__(self) -> None:
        """Raise ValueError if the two together exceed the longest latency."""
        if self.seconds + self.jitter > MAX_LATENCY:
            raise ValueError(f"seconds and jitter together must be at most {MAX_LATENCY:.0f}")


def latency_of(latency: Latency | float) -> Latency:
    """Return *latency* as a Latency. A number means its seconds."""
    return latency if isinstance(latency, Latency) else Latency(latency)


class Truncate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The connection closes after so many ``bytes`` of the body, or after this ``fraction`` of it.

    Content-Length is the length of the whole body. The client never gets the last byte of the body.
    """

    bytes: Bytes | None = None
    fraction: Annotated[float, Meta(ge=0, lt=1)] | None = None

    def __post_init__(self) -> None:
        """Raise ValueError if both members are set, or neither."""
        if (self.bytes is None) == (self.fraction is None):
            raise ValueError("set either bytes or fraction, which is the part of the body that is sent")


class Slow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The body comes in pieces of so many ``bytes``, with a ``pause`` (seconds) before each piece except the first."""

    bytes: Annotated[int, Meta(ge=1, le=1 << 30)]
    pause: Seconds


class Stall(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """After so many bytes of the body the server sends nothing for ``seconds``, then resets the connection.

    If ``resumes`` is set, the rest of the body follows instead of the reset. The stall begins before the last byte of
    the body at the latest. ``after=0`` means that the server does not even send the status line.
    """

    seconds: Annotated[float, Meta(ge=0, le=MAX_STALL)]
    after: Bytes = 0
    resumes: bool = False


class Effect(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The effect of a fault on one answer. Exactly one of these members is set.

    ``reset`` resets the connection, and the server does not perform the call; ``commit_then_drop`` performs the call
    first and then resets. ``malformed`` ends the JSON in its middle. ``expired_token`` refuses the call as the service
    refuses an expired token. An ``error`` may be its code alone, a ``latency`` its seconds.
    """

    kinds: ClassVar[tuple[str, ...]] = (
        *("error", "page", "latency", "reset", "commit_then_drop", "truncate", "malformed", "slow", "stall"),
        "expired_token",
    )

    error: Error | str | int | None = None
    page: Page | None = None
    latency: Latency | Seconds | None = None
    reset: Literal[True] | None = None
    commit_then_drop: Literal[True] | None = None
    truncate: Truncate | None = None
    malformed: Literal[True] | None = None
    slow: Slow | None = None
    stall: Stall | None = None
    expired_token: Literal[True] | None = None

    def __post_init__(self) -> None:
        """Raise ValueError unless exactly one member is set."""
        kinds = [kind for kind in self.kinds if getattr(self, kind) is not None]
        if len(kinds) != 1:
            raise ValueError(f"set exactly one of {', '.join(self.kinds)}; got {' and '.join(kinds) or 'none'}")
        if self.error is not None:
            error_of(self.error)
        if self.latency is not None:
            latency_of(self.latency)

    @property
    def kind(self) -> str:
        """The name of the member that is set."""
        return next(kind for kind in self.kinds if getattr(self, kind) is not None)


def _duration(seconds: float) -> str:
    """Return *seconds* in the JSON form of a Duration: 24s, 1.500s."""
    whole = round(seconds * 1000)
    return f"{whole // 1000}s" if whole % 1000 == 0 else f"{whole // 1000}.{whole % 1000:03d}s"


def _parse_code(value: str | int) -> Code:
    """Return the code with this name or HTTP status. Raises ValueError if no error has it."""
    name = str(value)[:100]
    code = Code.of_http(int(name)) if re.fullmatch("[0-9]{3}", name) else Code.__members__.get(name)
    if code is not None and code.name in WORDINGS:
        return code
    if name.isdecimal():
        statuses = ", ".join(map(str, sorted({Code[name].http for name in WORDINGS})))
        raise ValueError(f"no error has the HTTP status {name}; known are {statuses}")
    near = nearest(name, WORDINGS) or f"; known are {', '.join(WORDINGS)}"
    raise ValueError(f"there is no code {name!r}{near}")
