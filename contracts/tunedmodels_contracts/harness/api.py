"""Sends plain requests to the API, without our client, so clauses see the wire format itself."""

from __future__ import annotations

import json as json_module
from collections.abc import Callable, Mapping
from typing import Any

import google.auth.transport.requests
import requests
from google.auth.credentials import Credentials

from .answer import Answer
from .conformance import schema_violations

_TIMEOUT = 60  # seconds for one answer
_MAX_PAGES = 10_000

Params = Mapping[str, str | int] | list[tuple[str, str]]


class Api:
    """Sends requests to one server as one caller. Paths begin with the version, such as ``v1beta/models``.

    *on_violation*, if given, is called with a line for each place where an answer violates the schema.
    """

    def __init__(
        self,
        session: requests.Session,
        base_url: str,
        caller: Credentials,
        on_violation: Callable[[str], object] | None = None,
    ) -> None:
        self._session = session
        self._base_url = base_url
        self._caller = caller
        self._on_violation = on_violation
        self._transport = google.auth.transport.requests.Request()

    def by(self, caller: Credentials) -> Api:
        """Return an Api for the same server with another *caller*."""
        return Api(self._session, self._base_url, caller, self._on_violation)

    def ask(
        self,
        method: str,
        path: str,
        params: Params | None = None,
        *,
        json: Any = None,
        data: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        whole: bool = True,
        verbatim: bool = False,
    ) -> Answer:
        """Send one request and return the answer. *json* is serialized as it is; *data* takes precedence over it.

        Set *whole* to false if the answer may have only some of its members. *verbatim* keeps the spelling of the path,
        as far as the connection to the server keeps it: over a socket ``%2c`` is sent as ``%2C``.
        """
        url = f"{self._base_url}/{path}"
        own_headers: dict[str, str] = {}
        self._caller.before_request(self._transport, method, url, own_headers)
        own_headers.update(headers or {})
        if data is None and json is not None:
            data = json_module.dumps(json)
        if data is not None:
            own_headers.setdefault("Content-Type", "application/json")
        prepared = self._session.prepare_request(
            requests.Request(
                method,
                url,
                params=params,
                data=data.encode() if isinstance(data, str) else data,
                headers=own_headers,
                auth=lambda request: request,  # otherwise a password of ~/.netrc replaces the caller
            )
        )
        prepared.url = url if verbatim else prepared.url
        settings = self._session.merge_environment_settings(prepared.url, {}, None, None, None)
        response = self._session.send(prepared, timeout=_TIMEOUT, allow_redirects=False, **settings)
        answer = Answer.from_response(response)
        if self._on_violation:
            for violation in schema_violations(response.request, answer, whole=whole):
                self._on_violation(violation)
        return answer

    def get(self, path: str, params: Params | None = None, **more: Any) -> Answer:
        """Send GET to *path*."""
        return self.ask("GET", path, params, **more)

    def post(self, path: str, json: Any = None, params: Params | None = None, **more: Any) -> Answer:
        """Send POST with the body *json* to *path*."""
        return self.ask("POST", path, params, json=json, **more)

    def patch(self, path: str, json: Any = None, params: Params | None = None, **more: Any) -> Answer:
        """Send PATCH with the body *json* to *path*."""
        return self.ask("PATCH", path, params, json=json, **more)

    def delete(self, path: str, **more: Any) -> Answer:
        """Send DELETE to *path*."""
        return self.ask("DELETE", path, **more)

    def pages(self, path: str, params: Mapping[str, str | int] | None = None) -> list[Any]:
        """Get and return each page of the list at *path*. Assert that the pages end and no page token repeats."""
        pages: list[Any] = []
        tokens: set[str] = set()
        token = ""
        while True:
            pages.append(self.get(path, {**(params or {}), **({"pageToken": token} if token else {})}).ok())
            token = pages[-1].get("nextPageToken", "")
            if not token:
                return pages
            assert token not in tokens, f"the pages of {path} lead back to {token!r}"
            assert len(pages) < _MAX_PAGES, f"{path} has more than {_MAX_PAGES} pages"
            tokens.add(token)

    def list_all(self, path: str, params: Mapping[str, str | int] | None = None) -> list[Any]:
        """Return the entries of all pages of the list at *path*. The last segment of the path names the list member."""
        member = path.rpartition("/")[2]
        return [entry for page in self.pages(path, params) for entry in page.get(member, [])]
