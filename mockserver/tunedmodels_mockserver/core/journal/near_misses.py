"""Explains requests that got a 404 by the most similar route or model and the difference."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from difflib import SequenceMatcher
from typing import Any

from ...wire.surface import methods
from ..strict_input import similar_texts
from .entry import Entry

_WITH_BODY = ("POST", "PUT", "PATCH")
_ID = re.compile(r"tunedModels/([^/:]+)")


def near_misses(
    entries: Sequence[Entry], models: Collection[str], world_with_model: Callable[[str], str | None]
) -> list[dict[str, Any]]:
    """Return the near misses among *entries* as plain JSON: requests for a route or a model that got a 404.

    *models* are the ids of the models that exist now. *world_with_model* returns the name of another world that has a
    model with a given id, or None. A 404 from a fault is no near miss.
    """
    misses = []
    for place, entry in enumerate(entries):
        if entry.status != 404 or entry.fault:
            continue
        if not entry.method:
            nearest, difference = nearest_route(entry.http, entry.path)
            misses.append(_document(entry, "route", nearest, difference))
        elif _ID.search(entry.path):
            nearest, difference = _nearest_model(entry, entries[:place], models, world_with_model)
            if difference:
                misses.append(_document(entry, "model", nearest, difference))
    return misses


def nearest_route(http: str, path: str) -> tuple[str, str]:
    """Return the route most similar to the request (empty if none is similar), and a sentence about the difference."""
    path_parts = _segments(path)
    candidates = []
    for method in methods():
        for version in method.versions if method.documented else ():
            route_parts = _segments(f"/{version}/{method.pattern}{method.suffix}")
            pairs = list(_align(path_parts, route_parts))
            differences = [(actual, expected) for actual, expected in pairs if expected != "*" and actual != expected]
            blank = [actual for actual, expected in pairs if expected == "*" and not actual]
            similarity = SequenceMatcher(None, "/".join(path_parts), "/".join(route_parts)).ratio()
            distance = len(differences) + len(blank) + (method.http != http)
            # A client that sends PUT more likely means PATCH than DELETE.
            is_unlikely = (http in _WITH_BODY) != (method.http in _WITH_BODY)
            candidates.append((distance, is_unlikely, -similarity, method.http, version, method, differences))
    distance, _, dissimilarity, verb, version, method, differences = min(candidates, key=lambda row: row[:5])
    if distance > 3 or (-dissimilarity < 0.5 and distance > 1):
        return "", "No route is similar."
    if verb != http:
        differences = [(http, verb), *differences]
    text = _difference_sentence(differences) if differences else "The path lacks an id, or has too many segments."
    return f"{verb} /{version}/{method.pattern}{method.suffix}", text


def _nearest_model(
    entry: Entry, before: Iterable[Entry], models: Collection[str], world_with_model: Callable[[str], str | None]
) -> tuple[str, str]:
    match = _ID.search(entry.path)
    model_id = match[1] if match else ""
    for earlier in before:
        if earlier.method == "tunedModels.delete" and earlier.status == 200 and earlier.model == model_id:
            return "", f"tunedModels/{model_id} was deleted by request {earlier.number}."
    if model_id in models:
        if "/operations/" in entry.path or "/permissions/" in entry.path:
            return f"tunedModels/{model_id}", "The model exists, but it has no such operation or permission."
        return f"tunedModels/{model_id}", "The model exists now, but did not at the time of the request."
    world = world_with_model(model_id)
    if world is not None:
        place = f"the world {world}" if world else "the default world"
        return "", f"tunedModels/{model_id} exists in {place}, but the request went to another world."
    near = similar_texts(model_id, models)
    if not near:
        count = f"{len(models) or 'no'} model{'' if len(models) == 1 else 's'}"
        return "", f"No model has a name similar to tunedModels/{model_id}; the world has {count}."
    return f"tunedModels/{near[0]}", _spelling_difference(model_id, near[0])


def _spelling_difference(actual: str, expected: str) -> str:
    """Return a sentence on the parts in which two ids differ: for ``numbr`` and ``number``, the missing ``e``."""
    changes = SequenceMatcher(None, actual, expected).get_opcodes()
    return _difference_sentence([(actual[a:b], expected[c:d]) for tag, a, b, c, d in changes if tag != "equal"][:4])


def _difference_sentence(differences: Iterable[tuple[str, str]]) -> str:
    """Return a sentence on pairs of an actual and an expected part."""
    phrases = (f"{actual or 'nothing'} (expected {expected or 'nothing'})" for actual, expected in differences)
    return f"The request has {', '.join(phrases)}."


def _segments(path: str) -> list[str]:
    """Return the segments of *path*. The verb after a colon is a segment of its own."""
    head, colon, verb = path.strip("/").partition(":")
    return [*head.split("/"), *([f":{verb}"] if colon else [])]


def _align(path_parts: list[str], route_parts: list[str]) -> Iterable[tuple[str, str]]:
    length = max(len(path_parts), len(route_parts))
    path_filler, route_filler = ([""] * (length - len(parts)) for parts in (path_parts, route_parts))
    return zip(path_parts + path_filler, route_parts + route_filler, strict=True)


def _document(entry: Entry, missing: str, nearest: str, difference: str) -> dict[str, Any]:
    return {
        "number": entry.number,
        "request": entry.request_line,
        "missing": missing,
        "nearest": nearest or None,
        "difference": difference,
    }
