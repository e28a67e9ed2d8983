"""A request on its way through a mutant."""

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
    """A request: its URL, headers and body. A mutant that asks otherwise makes another one of it."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def from_prepared(cls, request: requests.PreparedRequest) -> MutantRequest:
        """Return what *request* asks."""
        body: Any = request.body or b""
        headers = {name: value if isinstance(value, str) else str(value) for name, value in request.headers.items()}
        return cls(request.method or "", request.url or "", headers, body if isinstance(body, bytes) else body.encode())

    def to_prepared(self, like: requests.PreparedRequest) -> requests.PreparedRequest:
        """Return it as a request that is *like* another one in all that it does not say."""
        request = like.copy()
        request.method, request.url = self.method, self.url
        request.headers.clear()
        request.headers.update(self.headers)
        request.body = self.body or None
        if self.body:
            request.headers["Content-Length"] = str(len(self.body))
        return request

    @property
    def version(self) -> str:
        """The version of the API that is asked."""
        return urlsplit(self.url).path.strip("/").partition("/")[0]

    @property
    def path(self) -> str:
        """The path after the version."""
        return urlsplit(self.url).path.strip("/").partition("/")[2]

    def matches(self, *patterns: str) -> bool:
        """Whether it is like one of *patterns*, such as ``POST tunedModels/*:generateContent``."""
        return any(self._matches_one(pattern) for pattern in patterns)

    def _matches_one(self, pattern: str) -> bool:
        method, _, path = pattern.partition(" ")
        expression = _WILD.sub("[^/:]+", re.escape(path))
        return self.method == method and re.fullmatch(expression, self.path) is not None

    @property
    def model(self) -> str:
        """The name of the tuned model that the path is about; empty where it is about none."""
        found = re.match(r"tunedModels/[^/:]+", self.path)
        return found[0] if found else ""

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the query string, of each name the last one."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    @property
    def json(self) -> dict[str, Any]:
        """The body as a JSON object; an empty one where it is none, or larger than any that means something."""
        try:
            value = json.loads(self.body) if len(self.body) < _LARGE else None
        except (ValueError, RecursionError):
            value = None
        return value if isinstance(value, dict) else {}

    @property
    def caller(self) -> str:
        """Who asks: the credentials as they were sent, empty where there are none."""
        given = [value for name, value in sorted(self.headers.items()) if name.lower() in _CREDENTIALS]
        return " ".join([*given, *(value for name, value in self.query.items() if name in _SECRETS)])

    @property
    def token(self) -> str:
        """The access token in the headers; empty where there is none."""
        return next((value for name, value in self.headers.items() if name.lower() == "authorization"), "")

    def with_query(self, **parameters: str | None) -> MutantRequest:
        """Return it with these parameters; None takes one away, under both of its spellings."""
        query = self.query
        for name, value in parameters.items():
            query.pop(name, None)
            query.pop(re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", name), None)
            if value is not None:
                query[name] = value
        return replace(self, url=urlunsplit(urlsplit(self.url)._replace(query=urlencode(query))))

    def with_path(self, path: str, version: str | None = None) -> MutantRequest:
        """Return it with another path after the version, and with another *version* where one is given."""
        return replace(self, url=urlunsplit(urlsplit(self.url)._replace(path=f"/{version or self.version}/{path}")))

    def with_json(self, value: Any) -> MutantRequest:
        """Return it with another body."""
        return replace(self, body=json.dumps(value).encode())

    def with_credentials_of(self, other: MutantRequest) -> MutantRequest:
        """Return it as whoever sent the *other* request asks it."""
        mine = {name: value for name, value in self.headers.items() if name.lower() not in _CREDENTIALS}
        theirs = {name: value for name, value in other.headers.items() if name.lower() in _CREDENTIALS}
        bare = self.with_query(**dict.fromkeys(_SECRETS)) if set(_SECRETS) & set(self.query) else self
        return replace(bare, headers={**mine, **theirs})

    def to_get(self, path: str) -> MutantRequest:
        """Return a request of the same caller that only looks at *path*."""
        headers = {name: value for name, value in self.headers.items() if not name.lower().startswith("content-")}
        query = urlencode({name: value for name, value in self.query.items() if name in _SECRETS})
        url = urlunsplit(urlsplit(self.url)._replace(path=f"/{self.version}/{path}", query=query))
        return MutantRequest("GET", url, headers, b"")
