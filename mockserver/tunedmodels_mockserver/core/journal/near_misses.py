"""Explains requests that got a 404 by the most similar route or model and the difference."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from difflib import SequenceMatcher, get_close_matches
from typing import Any

from ...wire.surface import methods
from .journal import Entry

_WITH_BODY = ("POST", "PUT", "PATCH")
_ID = re.compile(r"tunedModels/([^/:]+)")


def near_misses(
    entries: Sequence[Entry], models: Collection[str], elsewhere: Callable[[str], str | None]
) -> list[dict[str, Any]]:
    """Return the near misses among *entries* as plain JSON: requests for a route or a model that got a 404.

    *models* are the ids of the models that exist now. *elsewhere* returns the name of another world that has a model
    with a given id, or None. A 404 from a fault is no near miss.
    """
    found = []
    for place, entry in enumerate(entries):
        if entry.status != 404 or entry.fault:
            continue
        if not entry.method:
            nearest, difference = route(entry.http, entry.path)
            found.append(_miss(entry, "route", nearest, difference))
        elif _ID.search(entry.path):
            nearest, difference = _model(entry, entries[:place], models, elsewhere)
            if difference:
                found.append(_miss(entry, "model", nearest, difference))
    return found


def route(http: str, path: str) -> tuple[str, str]:
    """Return the route most similar to the request (empty if none is similar), and a sentence about the difference."""
    asked = _pieces(path)
    rated = []
    for method in methods():
        for version in method.versions if method.documented else ():
            there = _pieces(f"/{version}/{method.pattern}{method.suffix}")
            verb_differs = method.http != http
            differ = [(got, want) for got, want in _align(asked, there) if want != "*" and got != want]
            blank = [got for got, want in _align(asked, there) if want == "*" and not got]
            alike = SequenceMatcher(None, "/".join(asked), "/".join(there)).ratio()
            distance = len(differ) + len(blank) + verb_differs
            # A client that sends PUT more likely means PATCH than DELETE.
            strange = (http in _WITH_BODY) != (method.http in _WITH_BODY)
            rated.append((distance, strange, -alike, method.http, version, method, differ))
    distance, _, unlike, verb, version, method, differ = min(rated, key=lambda row: row[:5])
    if distance > 3 or (-unlike < 0.5 and distance > 1):
        return "", "No route is like it."
    words = [f"{got or 'nothing'} where it has {want or 'nothing'}" for got, want in differ]
    if verb != http:
        words.insert(0, f"{http} where it has {verb}")
    text = f"The request has {', '.join(words)}." if words else "An id is missing or too many parts are there."
    return f"{verb} /{version}/{method.pattern}{method.suffix}", text


def _model(
    entry: Entry, before: Iterable[Entry], models: Collection[str], elsewhere: Callable[[str], str | None]
) -> tuple[str, str]:
    asked = _ID.search(entry.path)
    wanted = asked[1] if asked else ""
    for earlier in before:
        if earlier.method == "tunedModels.delete" and earlier.status == 200 and earlier.model == wanted:
            return "", f"tunedModels/{wanted} was deleted by request {earlier.number}."
    if wanted in models:
        if "/operations/" in entry.path or "/permissions/" in entry.path:
            return f"tunedModels/{wanted}", "The model is there; it has no such operation or permission."
        return f"tunedModels/{wanted}", "The model is there now; it was not when it was asked for."
    world = elsewhere(wanted)
    if world is not None:
        place = f"the world {world}" if world else "the default world"
        return "", f"tunedModels/{wanted} is in {place}, and this request asked another."
    close = get_close_matches(wanted, models, n=1, cutoff=0.5)
    if not close:
        return "", f"No model is called like tunedModels/{wanted}; the world has {len(models) or 'none'}."
    return f"tunedModels/{close[0]}", _spelling(wanted, close[0])


def _spelling(got: str, want: str) -> str:
    """Return a sentence on the parts in which two ids differ: for ``numbr`` and ``number``, the missing ``e``."""
    pieces = [
        f"{got[a:b] or 'nothing'} where it has {want[c:d] or 'nothing'}"
        for tag, a, b, c, d in SequenceMatcher(None, got, want).get_opcodes()
        if tag != "equal"
    ]
    return f"The request has {', '.join(pieces[:4])}."


def _pieces(path: str) -> list[str]:
    """Return the segments of *path*. The verb after a colon is a segment of its own."""
    head, colon, verb = path.strip("/").partition(":")
    return [*head.split("/"), *([f":{verb}"] if colon else [])]


def _align(asked: list[str], there: list[str]) -> Iterable[tuple[str, str]]:
    length = max(len(asked), len(there))
    return zip(asked + [""] * (length - len(asked)), there + [""] * (length - len(there)), strict=True)


def _miss(entry: Entry, kind: str, nearest: str, difference: str) -> dict[str, Any]:
    return {
        "number": entry.number,
        "request": entry.request_line,
        "met_no": kind,
        "nearest": nearest or None,
        "difference": difference,
    }
