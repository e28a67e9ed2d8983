"""A request in the form that mutants read and change."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import requests

_WILD = re.compile(r"\\\*")
_LARGE = 1_000_000
_CREDENTIALS = ("authorization", "x-goog-api-key")
_SECRETS = ("key", "$key", "access_token", "oauth_token")


@dataclass(frozen=True)
class MutantRequest:
    """A request: its method, URL, headers and body. A mutant that changes it makes a new one."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def from_prepared(cls, request: requests.PreparedRequest) -> MutantRequest:
        """Return *request* in this form."""
        body: Any = request.body or b""
        headers = {name: value if isinstance(value, str) else str(value) for name, value in request.headers.items()}
        return cls(request.method or "", request.url or "", headers, body if isinstance(body, bytes) else body.encode())

    def to_prepared(self, like: requests.PreparedRequest) -> requests.PreparedRequest:
        """Return a request of the library requests; everything that is not set here comes from *like*."""
        request = like.copy()
        request.method, request.url = self.method, self.url
        request.headers.clear()
        request.headers.update(self.headers)
        request.body = self.body or None
        if self.body:
            request.headers["Content-Length"] = str(len(self.body))
        return request

    @property
    def effective_method(self) -> str:
        """The HTTP method that the server applies: a header can override a POST."""
        return next(
            (value for name, value in self.headers.items() if name.lower() == "x-http-method-override"), self.method
        )

    @property
    def version(self) -> str:
        """The API version in the URL."""
        return urlsplit(self.url).path.strip("/").partition("/")[0]

    @property
    def path(self) -> str:
        """The path after the version."""
        return urlsplit(self.url).path.strip("/").partition("/")[2]

    def matches(self, *patterns: str) -> bool:
        """Whether the request matches one of *patterns*, such as ``POST tunedModels/*:generateContent``."""
        return any(self._matches_one(pattern) for pattern in patterns)

    def _matches_one(self, pattern: str) -> bool:
        method, _, path = pattern.partition(" ")
        expression = _WILD.sub("[^/:]+", re.escape(path))
        return self.method == method and re.fullmatch(expression, self.path) is not None

    @property
    def model(self) -> str:
        """The name of the tuned model in the path; empty if there is none."""
        found = re.match(r"tunedModels/[^/:]+", self.path)
        return found[0] if found else ""

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the query string; the last value of each name counts."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    @property
    def json(self) -> dict[str, Any]:
        """The body as a JSON object; an empty object if it is no JSON object or too large."""
        try:
            value = json.loads(self.body) if len(self.body) < _LARGE else None
        except (ValueError, RecursionError):
            value = None
        return value if isinstance(value, dict) else {}

    @property
    def caller(self) -> str:
        """The credentials of the caller as sent; empty if there are none."""
        given = [value for name, value in sorted(self.headers.items()) if name.lower() in _CREDENTIALS]
        return " ".join([*given, *(value for name, value in self.query.items() if name in _SECRETS)])

    @property
    def token(self) -> str:
        """The access token in the headers; empty if there is none."""
        return next((value for name, value in self.headers.items() if name.lower() == "authorization"), "")

    def with_query(self, **parameters: str | None) -> MutantRequest:
        """Return a copy with these parameters; None removes a parameter in both of its spellings."""
        query = self.query
        for name, value in parameters.items():
            query.pop(name, None)
            query.pop(re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", name), None)
            if value is not None:
                query[name] = value
        return replace(self, url=urlunsplit(urlsplit(self.url)._replace(query=urlencode(query))))

    def with_path(self, path: str, version: str | None = None) -> MutantRequest:
        """Return a copy with another path after the version, and with another *version* if it is given."""
        return replace(self, url=urlunsplit(urlsplit(self.url)._replace(path=f"/{version or self.version}/{path}")))

    def with_json(self, value: Any) -> MutantRequest:
        """Return a copy with another body."""
        return replace(self, body=json.dumps(value).encode())

    def with_credentials_of(self, other: MutantRequest) -> MutantRequest:
        """Return a copy with the credentials of the *other* request."""
        mine = {name: value for name, value in self.headers.items() if name.lower() not in _CREDENTIALS}
        theirs = {name: value for name, value in other.headers.items() if name.lower() in _CREDENTIALS}
        bare = self.with_query(**dict.fromkeys(_SECRETS)) if set(_SECRETS) & set(self.query) else self
        return replace(bare, headers={**mine, **theirs})

    def to_get(self, path: str) -> MutantRequest:
        """Return a GET request for *path* by the same caller."""
        headers = {name: value for name, value in self.headers.items() if not name.lower().startswith("content-")}
        query = urlencode({name: value for name, value in self.query.items() if name in _SECRETS})
        url = urlunsplit(urlsplit(self.url)._replace(path=f"/{self.version}/{path}", query=query))
        return MutantRequest("GET", url, headers, b"")
