"""An answer in the form that mutants read and change."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from http.client import responses
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPHeaderDict, HTTPResponse

_EVENT = "data: "
_JSON = "application/json; charset=UTF-8"


@dataclass
class MutantResponse:
    """The status, the headers in their order, and the decoded body as text."""

    status: int
    headers: list[tuple[str, str]]
    text: str

    @classmethod
    def from_requests(cls, response: requests.Response) -> MutantResponse:
        """Return *response* in this form; the body is read to its end."""
        return cls(response.status_code, list(response.raw.headers.items()), response.content.decode())

    @classmethod
    def from_json(cls, value: Any, status: int = 200) -> MutantResponse:
        """Return a new answer that does not come from the server."""
        return cls(status, [("Content-Type", _JSON)], _pretty_json(value))

    @classmethod
    def from_error(
        cls, code: int, status: str, message: str = "Request contains an invalid argument."
    ) -> MutantResponse:
        """Return a new error answer that does not come from the server."""
        return cls.from_json({"error": {"code": code, "message": message, "status": status}}, code)

    def header(self, name: str) -> str:
        """Return the first value of a header, or an empty text."""
        return next((value for known, value in self.headers if known.lower() == name.lower()), "")

    def set_header(self, name: str, value: str | None) -> None:
        """Set a header to one value, or remove it if *value* is None."""
        self.headers[:] = [(known, old) for known, old in self.headers if known.lower() != name.lower()]
        if value is not None:
            self.headers.append((name, value))

    @property
    def is_event_stream(self) -> bool:
        """Whether the answer is a stream of events."""
        return self.header("Content-Type").startswith("text/event-stream")

    @property
    def json(self) -> Any:
        """The body as JSON, and a list for a stream of events; None if it is no JSON."""
        try:
            if self.is_event_stream:
                lines = self.text.splitlines()
                return [json.loads(line.removeprefix(_EVENT)) for line in lines if line.startswith(_EVENT)]
            return json.loads(self.text)
        except ValueError:
            return None

    @json.setter
    def json(self, value: Any) -> None:
        if self.is_event_stream:
            self.text = "".join(f"{_EVENT}{json.dumps(event, ensure_ascii=False)}\n\n" for event in value)
        elif "\n " in self.text or not self.text.strip():
            self.text = _pretty_json(value)
        else:
            end = "\n" if self.text.endswith("\n") else ""
            self.text = json.dumps(value, ensure_ascii=False, separators=(",", ":")) + end

    @property
    def error(self) -> dict[str, Any]:
        """The error of an error answer, also if it is inside a list; empty if there is no error envelope."""
        value = self.json
        inner = value[0] if isinstance(value, list) and value else value
        error = inner.get("error") if isinstance(inner, dict) else None
        return error if isinstance(error, dict) and self.status >= 400 else {}

    @property
    def is_parse_error(self) -> bool:
        """Whether it is the error for an unreadable request; its details contain the violations."""
        return self.status == 400 and "BadRequest" in self.text

    def replace_with(self, other: MutantResponse) -> None:
        """Replace the content by that of the *other* answer."""
        self.status, self.headers[:], self.text = other.status, other.headers, other.text

    def change_objects(self, edit: Callable[[dict[str, Any]], object]) -> None:
        """Call *edit* for each object of the body, outer objects first; write the body only if it changed."""
        value = self.json
        before = deepcopy(value)
        for inner in objects(value):
            edit(inner)
        # Another order of members counts as a change.
        if json.dumps(value) != json.dumps(before):
            self.json = value

    def to_requests(self, request: requests.PreparedRequest) -> requests.Response:
        """Return the answer to *request*, encoded according to its headers."""
        body = self.text.encode()
        if self.header("Content-Encoding") == "gzip":
            body = gzip.compress(body)
        if self.header("Content-Length"):
            self.set_header("Content-Length", str(len(body)))
        raw = HTTPResponse(
            body=io.BytesIO(body),
            headers=HTTPHeaderDict(self.headers),
            status=self.status,
            reason=responses.get(self.status, ""),
            preload_content=False,
        )
        return HTTPAdapter().build_response(request, raw)


def objects(value: Any) -> list[dict[str, Any]]:
    """Return each object in *value*, outer objects first."""
    found: list[dict[str, Any]] = []
    waiting = [value]
    while waiting:
        inner = waiting.pop(0)
        if isinstance(inner, dict):
            found.append(inner)
        if isinstance(inner, (dict, list)):
            waiting[:0] = inner.values() if isinstance(inner, dict) else inner
    return found


def _pretty_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
