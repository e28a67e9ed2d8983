"""Defines the names and patterns of secrets, and the placeholders that replace secrets in a recording.

The client and the mock server have patterns of credentials too. ``tests/test_credential_patterns.py`` checks that they
agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

PLACEHOLDER = re.compile(r"scrubbed-[a-z-]+-\d+(?:@example\.com)?|\b10{8}\d{3}\b|\b10{17}\d{3}\b")
"""A placeholder of a secret."""

HEADERS = {
    "authorization": "token",
    "cookie": "cookie",
    "proxy-authorization": "token",
    "set-cookie": "cookie",
    "x-goog-api-key": "api-key",
    "x-goog-iam-authorization-token": "token",
    "x-goog-user-project": "project",
}
"""The headers that contain secrets, in lower case, with the kind of each secret."""

MEMBERS = {
    "access_token": "token",
    "actor_token": "token",
    "api_key": "api-key",
    "assertion": "token",
    "client_assertion": "token",
    "client_id": "client-id",
    "client_secret": "client-secret",
    "code_verifier": "token",
    "id_token": "token",
    "oauth_token": "token",
    "password": "password",
    "private_key": "private-key",
    "private_key_id": "private-key",
    "project_id": "project",
    "project_number": "project",
    "quota_project_id": "project",
    "refresh_token": "token",
    "secret": "secret",
    "subject_token": "token",
    "token": "token",
    "user_project": "project",
}
"""The members of bodies and the parameters of queries and forms that contain secrets, with the kind of each secret.

Clients write each name with underscores, with hyphens or in camelCase.
"""

PARAMETERS = {**MEMBERS, "code": "token", "key": "api-key", "project": "project", "quota_user": "user"}
"""The parameters of queries and forms that contain secrets; ``code`` and ``key`` have other meanings in a body."""

_DIGITS = {"project": 12, "account": 21}  # digits of the placeholder of a number


def is_placeholder(text: str) -> bool:
    """Whether *text* is exactly one placeholder of a secret."""
    return PLACEHOLDER.fullmatch(text) is not None


def placeholder(kind: str, number: int, secret: str) -> str:
    """Return the placeholder for *secret*, which is number *number* of its *kind*.

    The placeholder is valid in every place of the secret.
    """
    if secret.isdigit() and kind in _DIGITS:
        return f"1{number:0{_DIGITS[kind] - 1}d}"  # the placeholder of a number is a number, because parsers expect one
    return f"scrubbed-{kind}-{number}" + ("@example.com" if kind == "email" else "")


@dataclass(frozen=True)
class SecretMatch:
    """A secret in a text: its *kind*, and its *start* and *end*."""

    kind: str
    start: int
    end: int


def looks_real(credential: str) -> bool:
    """Whether *credential* has the form of one of Google's."""
    return any(pattern.search(credential) for _, pattern in _CREDENTIAL_PATTERNS)


def parameter_kind(name: str) -> str | None:
    """Return the kind of the secret in the parameter *name*, or None if it contains no secret."""
    return _kinds(PARAMETERS).get(_simplify(name.removeprefix("$")))


def find_secrets(text: str) -> Iterator[SecretMatch]:
    """Yield each secret in *text*, recognized by its form or by its name. Placeholders are skipped."""
    for kind, pattern in (*_CREDENTIAL_PATTERNS, *_PATTERNS):
        for match in pattern.finditer(text):
            group_number = next((n for n in range(1, pattern.groups + 1) if match[n] is not None), 0)
            if match[group_number] and not is_placeholder(match[group_number]):
                yield SecretMatch(kind, *match.span(group_number))
    for pattern, names in _NAMED_PATTERNS:
        for match in pattern.finditer(text):
            group = "value" if match["value"] else "number"
            if not is_placeholder(match[group]):
                yield SecretMatch(names[_simplify(match["name"])], *match.span(group))
    for readers in _READER_PROJECTS.finditer(text):
        for match in re.compile(r"\d{6,}").finditer(text, *readers.span(1)):
            if not is_placeholder(match[0]):
                yield SecretMatch("project", *match.span())


def _simplify(name: str) -> str:
    return re.sub("[_-]", "", name).lower()


def _kinds(names: dict[str, str]) -> dict[str, str]:
    return {_simplify(name): kind for name, kind in names.items()}


def _alternatives(names: dict[str, str]) -> str:
    return "|".join(re.sub("[_-]", "[_-]?", name) for name in sorted(names, key=len, reverse=True))


# Only the values of a cookie are secret.
_PRINTED_HEADERS = {name: kind for name, kind in HEADERS.items() if kind != "cookie"}
_RESERVED = r"(?:example\.(?:com|net|org)|[\w.-]*\.?(?:test|invalid|example))\b"

_TAIL = r"(?:[\w.~+/=-]*[\w~+/=-])?"  # the rest of a token, without the full stop of a sentence

_CREDENTIAL_PATTERNS = (
    (
        "private-key",
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    ),
    ("token", re.compile(r"eyJ[\w-]{5,}\.[\w-]{2,}(?:\.[\w-]*)*")),
    ("token", re.compile(r"ya29\.[\w.~+/=-]{4}" + _TAIL)),
    ("api-key", re.compile(r"AIza[\w-]{10,}")),
    ("api-key", re.compile(r"(?<![\w.])AQ\.[\w.~+/=-]{10}" + _TAIL)),
    ("token", re.compile(r"(?<![\w:])(?<!//)1//[\w.~+/=-]{20}" + _TAIL)),
    ("token", re.compile(r"(?<![\w/])4/[\w-]{20,}")),
    ("client-secret", re.compile(r"GOCSPX-[\w-]{10,}")),
)

_PATTERNS = (
    ("client-id", re.compile(r"(?<!\w)\d{6,}-\w{8,}\.apps\.googleusercontent\.com")),
    ("token", re.compile(r"(?i:bearer)\s+(?=[\w.~+/-]*\d)([\w.~+/-]{8,}=*)")),
    ("email", re.compile(rf"(?<![\w.+-])[\w.+-]+(?:@|%40)(?!{_RESERVED})[\w-]+(?:\.[\w-]+)*\.[A-Za-z][\w-]+")),
    ("project", re.compile(r"(?:@|%40)([\w-]+)\.iam\.gserviceaccount\.com")),
    ("project", re.compile(r"(?<!\w)projects(?:/|%2[Ff])([\w:.-]*\w)")),
    ("project", re.compile(r"(?i:\bproject(?:[ _-]?(?:number|id))?)\W{0,4}[ :=#\"'](\d{6,})\b")),
    ("account", re.compile(r"(?<!\w)(1\d{20})(?!\w)|(?<=permissions/)(\d{15,})\b")),
    (
        "cookie",
        re.compile(r"(?im)(?:^|(?<=[\s\"',;{(\[]))(?:set-)?cookie[\"']?\s*[:=]\s*[\"']?[^=;\s\"']+=([^\s\"',;]+)"),
    ),
    ("address", re.compile(r"(?i:\bIP address\b)[^()\n]{0,60}\(([0-9A-Fa-f.:]{7,})\)")),
)

_NAMED_PATTERNS = (
    # A member of JSON or of a similar notation. Its value ends at the closing quote.
    (
        re.compile(
            rf"""(?i)(["'])(?P<name>{_alternatives({**MEMBERS, **_PRINTED_HEADERS})})\1\s*:\s*(?:\[\s*)?(?:"""
            r"""(?P<quote>["'])(?:(?:Bearer|Basic)\s+)?(?P<value>(?:(?!(?P=quote))[^\\]|\\.)+)(?P=quote)"""
            r"""|(?P<number>\d{4,}))""",
            re.DOTALL,
        ),
        _kinds({**MEMBERS, **_PRINTED_HEADERS}),
    ),
    # A parameter of a query or a form.
    (
        re.compile(
            rf"""(?i)(?:\A|[?&;])(?:\$|%24)?(?P<name>{_alternatives(PARAMETERS)})=(?P<value>[^&#;\s"'\\<>]+)(?P<number>)"""
        ),
        _kinds(PARAMETERS),
    ),
    # A header in printed form.
    (
        re.compile(
            rf"""(?im)(?:^|(?<=[\s"',;{{(\[]))(?P<name>{_alternatives(_PRINTED_HEADERS)})["']?\s*[:=]\s*["']?"""
            r"""(?:(?:Bearer|Basic)\s+)?(?P<value>[^\s"',;]+)(?P<number>)"""
        ),
        _kinds(_PRINTED_HEADERS),
    ),
)

_READER_PROJECTS = re.compile(r"""["']?reader_?[Pp]roject_?[Nn]umbers["']?\s*:\s*\[([^\[\]]*)\]""")
