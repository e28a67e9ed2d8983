"""System parameters: what every method takes beside its own, read off the query and the headers.

The service's front end takes them away before it looks at the method's own parameters. Source: Google's page of
system parameters and the discovery document.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..wire.status import Code, StatusError

# Each with and without its dollar sign; the service has no parameter of its own under these names.
_NAMES = (
    "alt callback fields key prettyPrint quotaUser apiVersion ct outputDefaults unique "
    "access_token oauth_token uploadType upload_protocol .xgafv"
)
_KNOWN = frozenset(name for word in _NAMES.split() for name in (word, f"${word}")) - {".xgafv"}
_ALT = frozenset({"json", "sse"})
_FALSE = frozenset({"false", "0", "f", "no", "n"})


@dataclass(frozen=True, slots=True)
class System:
    """The system parameters of one request."""

    alt: str = "json"
    enum_numbers: bool = False
    pretty: bool = True
    fields: str = ""
    legacy_errors: bool = False
    key: str | None = None
    token: str | None = None
    credentials: tuple[str, ...] = ()  # every one that was given, in whatever place

    @property
    def events(self) -> bool:
        """Whether the answer is wanted as server-sent events."""
        return self.alt == "sse"


def split(pairs: list[tuple[str, str]], header: Callable[[str], str | None]) -> tuple[System, list[tuple[str, str]]]:
    """Return the system parameters of a request, and the pairs of its query that are the method's own.

    *header* gives a request header by name. A parameter given in the query wins over its header. Unknown
    values of ``alt`` raise no error here, so that a refusal of anything else can still be written:
    ``check`` does.
    """
    given = {key.removeprefix("$"): value for key, value in pairs if key in _KNOWN}
    own = [(key, value) for key, value in pairs if key not in _KNOWN]
    alt, *options = (given.get("alt") or "json").lower().split(";")
    authorization = header("Authorization") or ""
    scheme, _, credential = authorization.partition(" ")
    in_query = (given.get(name) for name in ("key", "access_token", "oauth_token"))
    system = System(
        alt=alt,
        enum_numbers="enum-encoding=int" in options,
        pretty=given.get("prettyPrint", "true").lower() not in _FALSE,
        fields=given.get("fields") or header("X-Goog-FieldMask") or "",
        legacy_errors=given.get(".xgafv") == "1",
        key=given.get("key") or header("X-Goog-Api-Key"),
        token=credential.strip() if scheme.lower() == "bearer" else _token(given),
        credentials=tuple(filter(None, (*authorization.split(), header("X-Goog-Api-Key"), *in_query))),
    )
    return system, own


def check(system: System) -> None:
    """Raise StatusError for an ``alt`` that is not served here (the wording is invented)."""
    if system.alt not in _ALT:
        text = f"Invalid value \"{system.alt[:100]}\" for the parameter 'alt': this server writes json and sse."
        raise StatusError(Code.INVALID_ARGUMENT, text)


def _token(given: Mapping[str, str]) -> str | None:
    return given.get("access_token") or given.get("oauth_token")
