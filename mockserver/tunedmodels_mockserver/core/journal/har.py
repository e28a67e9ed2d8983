"""Writes entries of a journal as a HAR file or as curl commands, so that other tools can show or repeat the requests.

HAR 1.2 is the format in which browsers and HTTP clients save and load requests. Both forms have the journal's masks in
place of secrets. In curl commands, a key for tests stands in place of the masked credential.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http.client import responses
from shlex import quote as quote_for_shell
from typing import Any
from urllib.parse import parse_qsl, quote

from ...wire.protojson.timestamps import format_timestamp
from ..defaults import API_KEY, DEVELOPER
from ..world_names import DEFAULT_WORLD
from .entry import Body, Entry
from .masking import MASK

_KEPT_HEADERS = (
    "Content-Type",
    "X-Goog-FieldMask",
    "X-Goog-User-Project",
    "X-HTTP-Method-Override",
    "X-Goog-Emulator-Instructions",
)
_CREDENTIALS = ("Authorization", "X-Goog-Api-Key")


@dataclass(frozen=True, slots=True)
class Origin:
    """The server of a journal: its URL without a slash at the end, and its name with version.

    ``epoch`` is the time, in nanoseconds since 1970, at which the machine's monotonic clock was 0. ``world`` is the
    name of the world that has the journal.
    """

    url: str
    server: str
    epoch: int
    world: str = DEFAULT_WORLD


def har(entries: Iterable[Entry], origin: Origin) -> dict[str, Any]:
    """Return *entries* as a HAR 1.2 document. Members that begin with an underscore are the mock server's own."""
    name, _, version = origin.server.partition("/")
    log = {"version": "1.2", "creator": {"name": name, "version": version}}
    return {"log": {**log, "entries": [_har_entry(entry, origin) for entry in entries]}}


def curl_commands(entries: Iterable[Entry], origin: Origin) -> str:
    """Return a shell script with a curl command for each of *entries*, and above it a comment with its status."""
    lines = ["#!/bin/sh"]
    for entry in entries:
        status = "the connection was lost" if entry.lost else f"status {entry.status}"
        fault = f", fault {entry.fault}" if entry.fault else ""
        lines += ["", f"# Request {entry.number}: {status}{_one_line(fault)}"]
        problem = _unrepeatable_reason(entry)
        if MASK.encode() in entry.request.data:
            lines.append(f"# The journal masked a secret in the body: {MASK} stands in its place.")
        lines.append(f"# Left out: {problem}." if problem else _curl_command(entry, origin))
    return "\n".join(lines) + "\n"


def _har_entry(entry: Entry, origin: Origin) -> dict[str, Any]:
    milliseconds = round((entry.ended - entry.started) / 1e6, 3)
    sent_type = dict(entry.headers).get("Content-Type", "")
    received = "" if entry.lost and not entry.answer.size else _media_type(entry.answer)
    request: dict[str, Any] = {
        "method": entry.http,
        "url": origin.url + _target(entry, entry.query),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(entry.headers),
        "queryString": _pairs(parse_qsl(entry.query, keep_blank_values=True)),
        "headersSize": -1,
        "bodySize": entry.request.size,
    }
    if entry.request.size:
        request["postData"] = {"mimeType": sent_type, "text": _text(entry.request)}
    headers = [("Content-Type", received), ("Retry-After", entry.retry_after), ("X-Tunedmodels-Note", entry.note)]
    response = {
        "status": 0 if entry.lost else entry.status,
        "statusText": "" if entry.lost else responses.get(entry.status, ""),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs((name, value) for name, value in headers if value),
        "content": {"size": entry.answer.size, "mimeType": received, "text": _text(entry.answer)},
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": -1,  # the journal does not know how many bytes compression left
    }
    own = {
        "_number": entry.number,
        "_method": entry.method,
        "_worldTime": "" if entry.at is None else format_timestamp(entry.at, 9),
        "_fault": entry.fault,
        "_error": "The connection ended before the whole answer was sent." if entry.lost else "",
        "comment": _cut_comment(entry),
    }
    return {
        "startedDateTime": format_timestamp(origin.epoch + entry.started, 3),
        "time": milliseconds,
        "request": request,
        "response": response,
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        **{name: value for name, value in own.items() if value},
    }


def _pairs(items: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in items]


def _text(body: Body) -> str:
    return body.data.decode("utf-8", "replace")


def _media_type(body: Body) -> str:
    """Return the media type of an answer, by how it begins: the journal does not keep the headers of answers."""
    beginning = body.data[:6].lstrip()
    if beginning.startswith(b"data:"):
        return "text/event-stream"
    return "text/html" if beginning.startswith(b"<") else "application/json"


def _cut_comment(entry: Entry) -> str:
    bodies = (("request", entry.request), ("answer", entry.answer))
    cut = [f"the first {len(body.data)} bytes of the {name}" for name, body in bodies if body.is_truncated]
    return f"The journal kept only {' and '.join(cut)}." if cut else ""


def _target(entry: Entry, query: str) -> str:
    return quote(entry.path, safe="/:$@,;=+!*'()~") + (f"?{query}" if query else "")


def _unrepeatable_reason(entry: Entry) -> str:
    """Return the reason why no command can repeat the request of *entry*, or an empty string."""
    if entry.path in ("/token", "/revoke"):
        return "the journal did not keep its credentials"
    if entry.request.is_truncated:
        return f"the journal kept only a part of its body of {entry.request.size} bytes"
    try:
        text = entry.request.data.decode()
    except UnicodeDecodeError:
        return "its body is not text"
    return "its body is not text" if "\0" in text else ""


def _curl_command(entry: Entry, origin: Origin) -> str:
    # The command sends a key in a header in place of a key in the query.
    query = "&".join(pair for pair in entry.query.split("&") if pair and not pair.endswith(f"={MASK}"))
    words = ["curl", "-sS", "--globoff", "--path-as-is", "--noproxy", "*"]
    # With -X HEAD, curl would wait for a body.
    words += ["--head"] if entry.http == "HEAD" else ["-X", entry.http]
    words += [origin.url + _target(entry, query)]
    for name, value in _curl_headers(entry, origin.world):
        words += ["-H", f"{name}: {value}"]
    if entry.request.data:
        words += ["--data-raw", entry.request.data.decode()]
    return " ".join(map(quote_for_shell, words))


def _curl_headers(entry: Entry, world: str) -> Iterator[tuple[str, str]]:
    if world != DEFAULT_WORLD:
        yield "X-Test-Id", world
    yield from ((name, _one_line(value)) for name, value in entry.headers if name in _KEPT_HEADERS)
    has_credential = any(name in _CREDENTIALS for name, _ in entry.headers) or f"={MASK}" in entry.query
    if has_credential or entry.caller not in ("", DEVELOPER):
        yield "X-Goog-Api-Key", API_KEY if entry.caller in ("", DEVELOPER) else entry.caller


def _one_line(text: str) -> str:
    return text.encode("unicode_escape").decode("ascii")
