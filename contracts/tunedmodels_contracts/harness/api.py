"""The API by bare requests: nothing of our client's is between a clause and the wire."""

from __future__ import annotations

import json as json_module
from collections.abc import Callable, Mapping
from typing import Any

import google.auth.transport.requests
import requests
from google.auth.credentials import Credentials

from .answer import Answer
from .conformance import schema_violations

_PATIENCE = 60  # seconds for one answer
_MOST_PAGES = 10_000

Params = Mapping[str, str | int] | list[tuple[str, str]]


class Api:
    """Asks one server as one caller; paths begin with the version, such as ``v1beta/models``.

    *told*, if there is one, is told of each place where an answer is not as the facts of the API have it.
    """

    def __init__(
        self,
        session: requests.Session,
        base_url: str,
        caller: Credentials,
        told: Callable[[str], object] | None = None,
    ) -> None:
        self._session = session
        self._base_url = base_url
        self._caller = caller
        self._told = told
        self._refreshing = google.auth.transport.requests.Request()

    def by(self, caller: Credentials) -> Api:
        """Return the same server as another *caller* asks it."""
        return Api(self._session, self._base_url, caller, self._told)

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
        """Send one request and return what answers it; *json* is sent as it is, *data* wins over it.

        *whole* is false where only some members of the answer may be known. *verbatim* keeps the path as it is
        spelled, as far as the way to the server does: over a socket ``%2c`` is sent as ``%2C``.
        """
        url = f"{self._base_url}/{path}"
        sent: dict[str, str] = {}
        self._caller.before_request(self._refreshing, method, url, sent)
        sent.update(headers or {})
        if data is None and json is not None:
            data = json_module.dumps(json)
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        prepared = self._session.prepare_request(
            requests.Request(
                method,
                url,
                params=params,
                data=data.encode() if isinstance(data, str) else data,
                headers=sent,
                auth=lambda request: request,  # a password of ~/.netrc would stand in for the caller
            )
        )
        prepared.url = url if verbatim else prepared.url
        how = self._session.merge_environment_settings(prepared.url, {}, None, None, None)
        response = self._session.send(prepared, timeout=_PATIENCE, allow_redirects=False, **how)
        answer = Answer.of(response)
        if self._told:
            for finding in schema_violations(response.request, answer, whole=whole):
                self._told(finding)
        return answer

    def get(self, path: str, params: Params | None = None, **more: Any) -> Answer:
        """GET *path*."""
        return self.ask("GET", path, params, **more)

    def post(self, path: str, json: Any = None, params: Params | None = None, **more: Any) -> Answer:
        """POST *json* to *path*."""
        return self.ask("POST", path, params, json=json, **more)

    def patch(self, path: str, json: Any = None, params: Params | None = None, **more: Any) -> Answer:
        """PATCH *path* by *json*."""
        return self.ask("PATCH", path, params, json=json, **more)

    def delete(self, path: str, **more: Any) -> Answer:
        """DELETE *path*."""
        return self.ask("DELETE", path, **more)

    def pages(self, path: str, params: Mapping[str, str | int] | None = None) -> list[Any]:
        """GET each page of the list at *path*. It is an assertion that they end, and lead nowhere twice."""
        pages: list[Any] = []
        tokens: set[str] = set()
        token = ""
        while True:
            pages.append(self.get(path, {**(params or {}), **({"pageToken": token} if token else {})}).ok())
            token = pages[-1].get("nextPageToken", "")
            if not token:
                return pages
            assert token not in tokens, f"the pages of {path} lead back to {token!r}"
            assert len(pages) < _MOST_PAGES, f"{path} has more than {_MOST_PAGES} pages"
            tokens.add(token)

    def listed(self, path: str, params: Mapping[str, str | int] | None = None) -> list[Any]:
        """Return the entries of all pages of the list at *path*, whose last word is the member that has them."""
        member = path.rpartition("/")[2]
        return [entry for page in self.pages(path, params) for entry in page.get(member, [])]
