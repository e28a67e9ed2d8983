"""An HTTP answer exactly as the server sent it, with assertions about it for clauses."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import requests

from .allowances import NOTE, allowances

_STRICT = "start the server with --strict --auth strict"


@dataclass(frozen=True)
class Refusal:
    """The content of an error answer: the name of its status, its message and its details."""

    status: str
    message: str
    details: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Answer:
    """One HTTP answer: the request, the status, all headers in their order, and the body as text."""

    request: str
    status: int
    headers: tuple[tuple[str, str], ...]
    text: str

    @classmethod
    def from_response(cls, response: requests.Response) -> Answer:
        """Read *response* to its end and return it. Raises AssertionError if the body is not UTF-8."""
        headers = getattr(response.raw, "headers", None)
        pairs = headers.items() if headers is not None else response.headers.items()
        request = f"{response.request.method} {response.request.url}"
        try:
            text = response.content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise AssertionError(f"{request} -> {response.status_code} has a body that is not UTF-8: {error}") from None
        return cls(request, response.status_code, tuple((str(name), str(value)) for name, value in pairs), text)

    def header(self, name: str) -> str | None:
        """Return the first value of a header, or None."""
        return next(iter(self.all_of(name)), None)

    def all_of(self, name: str) -> list[str]:
        """Return all values of a header that may be repeated."""
        return [value for header, value in self.headers if header.lower() == name.lower()]

    @property
    def json(self) -> Any:
        """The body as JSON, members in their order. Raises AssertionError if it is not JSON or repeats a member."""
        try:
            return json.loads(self.text, object_pairs_hook=self._members)
        except ValueError as error:
            raise AssertionError(f"{self} has a body that is not JSON: {error}") from None

    def ok(self) -> Any:
        """Assert that the status is 200, and return the body as JSON."""
        assert self.status == 200, f"{self} is not 200: {self.text[:1000]}"
        return self.json

    def assert_error(self, code: int, status: str) -> Refusal:
        """Assert that the answer is the error *code* *status* in the service's envelope, and return the content."""
        assert self.status == code, f"{self} is not {code}: {self.text[:1000]}"
        body = self.json
        body = body[0] if isinstance(body, list) and len(body) == 1 else body  # an error of a stream is a list
        error = body.get("error") if isinstance(body, dict) else None
        assert isinstance(error, dict), f"{self} is an error without an envelope: {self.text[:1000]}"
        assert error.get("code") == code, f"{self}: the envelope says {error.get('code')!r}"
        assert error.get("status") == status, f"{self}: the envelope says {error.get('status')!r}, not {status}"
        return Refusal(status, error.get("message", ""), tuple(error.get("details", ())))

    def no_route(self) -> None:
        """Assert that the path or method does not exist: 404, without the envelope that the errors of methods have."""
        assert self.status == 404, f"{self} is not 404: {self.text[:1000]}"
        assert not self.text.lstrip().startswith(("{", "[")), f"{self} has an envelope: {self.text[:1000]}"

    def __str__(self) -> str:
        """Return the request, the status and the notes of our mock server, which may explain the answer."""
        notes = self.all_of(NOTE)
        if allowances(notes):
            notes.append(_STRICT)
        return f"{self.request} -> {self.status}" + (f" ({'; '.join(notes)})" if notes else "")

    def _members(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        members = dict(pairs)
        if len(members) < len(pairs):
            raise AssertionError(f"{self} has a member twice in {[name for name, _ in pairs]}")
        return members
