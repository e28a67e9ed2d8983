"""Compares the exchanges of two servers that got the same requests. The exchanges may also come from recordings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from ..recordings.exchange import Exchange, Headers, header
from .identities import Identities
from .phases import align
from .server_difference import Kind, ServerDifference, Severity
from .values import Values, parse_json

# These headers depend on the time and the machine, not on the API.
_VOLATILE_HEADERS = frozenset(
    ("date", "server", "alt-svc", "content-length", "x-tunedmodels-note", "connection", "expires")
)
_VARIABLE_HEADERS = frozenset(("server-timing",))
_EVENT = "data: "


def compare(
    first: Sequence[Exchange],
    second: Sequence[Exchange],
    clause: str = "",
    identities: tuple[Identities, Identities] | None = None,
) -> list[ServerDifference]:
    """Return the differences between the answers in *first* and in *second*, request by request.

    Requests are paired by method and path, and polls of a run also by its phase. A request to one server alone is a
    difference of its own. If both servers got a request, but one got it more often, the difference is only cosmetic: a
    run took longer there. Ids, times and tokens may differ. Pass the *identities* of both servers if their names occur
    in earlier exchanges.
    """
    ours, theirs = identities or (Identities(), Identities())
    requests_first = [_describe_request(exchange, ours) for exchange in first]
    requests_second = [_describe_request(exchange, theirs) for exchange in second]
    bodies_first, bodies_second = _bodies_by_request(requests_first, first), _bodies_by_request(requests_second, second)
    keys_first, keys_second = align(bodies_first, bodies_second)
    all_differences: list[ServerDifference] = []
    for what, start, end, other_start, other_end in SequenceMatcher(
        None, keys_first, keys_second, autojunk=False
    ).get_opcodes():
        if what == "equal":
            pairs = zip(first[start:end], second[other_start:other_end], requests_first[start:end], strict=True)
            for one, other, request in pairs:
                for kind, rank, path, text in _answer_differences(one, other, Values(ours, theirs)):
                    all_differences.append(ServerDifference(kind, rank, clause, request, path, text))
            continue
        alone = [("first", request) for request in requests_first[start:end]]
        alone += [("second", request) for request in requests_second[other_start:other_end]]
        for which, request in alone:
            both = request in requests_first and request in requests_second
            text = f"sent {'more often' if both else 'only'} to the {which} server"
            severity: Severity = "cosmetic" if both else "visible"
            all_differences.append(ServerDifference("requests", severity, clause, request, "", text))
    return all_differences


def _bodies_by_request(requests: Sequence[str], exchanges: Sequence[Exchange]) -> list[tuple[str, Any]]:
    pairs = zip(requests, exchanges, strict=True)
    return [(request, _body(_text(exchange), exchange)) for request, exchange in pairs]


def _describe_request(exchange: Exchange, identities: Identities) -> str:
    # An id that the suite makes occurs first in the create call. An id of the service occurs first in its answer.
    url = urlsplit(exchange.request.url)
    name = identities.text(f"{exchange.request.method} {unquote(url.path)}")
    query = "&".join(f"{key}={identities.normalize_member(key, value)}" for key, value in parse_qsl(url.query, True))
    identities.text(_text(exchange))
    return f"{name}?{query}" if query else name


def _answer_differences(one: Exchange, other: Exchange, values: Values) -> Iterator[tuple[Kind, Severity, str, str]]:
    left, right = one.response, other.response
    if left.status != right.status:
        yield "status", "breaks-clients", "", f"{left.status}, {right.status} in the other"
    yield from _header_differences(left.headers, right.headers)
    texts = _text(one), _text(other)
    bodies = [_body(text, exchange) for text, exchange in zip(texts, (one, other), strict=True)]
    if bodies[0] is None or bodies[1] is None:
        if (bodies[0] is None) != (bodies[1] is None):
            yield "body", "breaks-clients", "", f"{_body_kind(bodies[0])}, {_body_kind(bodies[1])} in the other"
        return
    before = list(values.differences(*bodies))
    yield from before
    if not before and (_layout(texts[0]) != _layout(texts[1])):
        yield "layout", "cosmetic", "", "the same JSON with other indentation, escapes or line end"


def _header_differences(one: Headers, other: Headers) -> Iterator[tuple[Kind, Severity, str, str]]:
    for name in dict.fromkeys(name.lower() for name, _ in (*one, *other)):
        left, right = ([value for key, value in side if key.lower() == name] for side in (one, other))
        if name in _VOLATILE_HEADERS or left == right or (name in _VARIABLE_HEADERS and left and right):
            continue
        media = [side[0].partition(";")[0] if side else "" for side in (left, right)]
        breaks = name == "content-type" and media[0] != media[1]
        texts = [" and ".join(side) or "nothing" for side in (left, right)]
        yield (
            "header",
            "breaks-clients" if breaks else "cosmetic",
            f"header {name}",
            f"{texts[0]}, {texts[1]} in the other",
        )


def _text(exchange: Exchange) -> str:
    return exchange.response.body.decode("utf-8", "replace")


def _body(text: str, exchange: Exchange) -> Any:
    kind = header(exchange.response.headers, "Content-Type") or ""
    try:
        if kind.startswith("text/event-stream") or text.startswith(_EVENT):
            lines = (line for line in text.splitlines() if line)
            return [parse_json(line.removeprefix(_EVENT)) for line in lines]
        return parse_json(text)
    except ValueError:
        return None


def _body_kind(body: Any) -> str:
    return "not JSON" if body is None else "JSON"


def _layout(text: str) -> tuple[str, bool, bool, bool]:
    """Return the indentation of *text*, and whether it ends in a line end, has a space after colons, and is ASCII."""
    # The depth of the indentation depends on the content, so only the unit counts.
    indent = min({line[: len(line) - len(line.lstrip())] for line in text.splitlines()} - {""}, default="")
    return indent, text.endswith("\n"), ": " in text, text.isascii()
