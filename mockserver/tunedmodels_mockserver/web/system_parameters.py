"""Reads the system parameters, which every method takes besides its own, from the query and the headers.

The front end of the service removes them before the method reads its own parameters. Source: Google's page of system
parameters and the discovery document.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from ..wire.status import Code, StatusError

# A dollar sign before a name is optional; only .xgafv needs it. No method has a parameter of its own with these names.
_NAMES = (
    "alt callback fields key prettyPrint quotaUser apiVersion ct outputDefaults unique "
    "access_token oauth_token uploadType upload_protocol .xgafv"
)
_ALL_NAMES = frozenset(name for word in _NAMES.split() for name in (word, f"${word}")) - {".xgafv"}
_ALT_VALUES = frozenset({"json", "sse"})
_FALSE_VALUES = frozenset({"false", "0", "f", "no", "n"})


class SystemParameters(msgspec.Struct, frozen=True):
    """The system parameters of one request."""

    alt: str = "json"
    enum_numbers: bool = False
    pretty: bool = True
    fields: str = ""
    legacy_errors: bool = False
    key: str | None = None
    token: str | None = None
    credentials: tuple[str, ...] = ()  # all credentials of the request, from every place

    @property
    def wants_events(self) -> bool:
        """Whether the client wants the answer as server-sent events."""
        return self.alt == "sse"


def split(
    pairs: Sequence[tuple[str, str]], header: Callable[[str], str | None]
) -> tuple[SystemParameters, tuple[tuple[str, str], ...]]:
    """Return the system parameters of a request, and the pairs of its query that belong to the method.

    *header* returns a request header by name. A parameter in the query takes precedence over its header. An unknown
    ``alt`` raises no error here, because the parameters are needed to write any error. ``check`` refuses it.
    """
    values = {key.removeprefix("$"): value for key, value in pairs if key in _ALL_NAMES}
    method_pairs = tuple((key, value) for key, value in pairs if key not in _ALL_NAMES)
    alt, *options = (values.get("alt") or "json").lower().split(";")
    authorization = header("Authorization") or ""
    scheme, _, credential = authorization.partition(" ")
    in_query = (values.get(name) for name in ("key", "access_token", "oauth_token"))
    params = SystemParameters(
        alt=alt,
        enum_numbers="enum-encoding=int" in options,
        pretty=values.get("prettyPrint", "true").lower() not in _FALSE_VALUES,
        fields=values.get("fields") or header("X-Goog-FieldMask") or "",
        legacy_errors=values.get(".xgafv") == "1",
        key=values.get("key") or header("X-Goog-Api-Key"),
        token=credential.strip() if scheme.lower() == "bearer" else _token(values),
        credentials=tuple(filter(None, (*authorization.split(), header("X-Goog-Api-Key"), *in_query))),
    )
    return params, method_pairs


def check(params: SystemParameters) -> None:
    """Raise StatusError for an ``alt`` that the server does not support (the wording is invented)."""
    if params.alt not in _ALT_VALUES:
        text = f"Invalid value \"{params.alt[:100]}\" for the parameter 'alt': this server supports json and sse."
        raise StatusError(Code.INVALID_ARGUMENT, text)


def _token(values: Mapping[str, str]) -> str | None:
    return values.get("access_token") or values.get("oauth_token")
