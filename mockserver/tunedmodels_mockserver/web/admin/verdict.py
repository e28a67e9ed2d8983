"""Serves ``/verdict`` on the client of a world, and ``/outcomes``, the outcomes that all clients have met."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from flask import Response, request

from ...core.journal.registry import Journals
from ...core.state.worlds import World, Worlds
from ...core.strict_input import BadInput, nearest
from ...core.verdict import outcome_coverage as coverage_module
from ...core.verdict.outcome_coverage import OutcomeCoverage
from ...wire.protojson.reading import query_pairs
from .. import responses, system_parameters
from .endpoints import JSON, TEXT, AdminEndpoints, TextFormat


def add(
    endpoints: AdminEndpoints,
    world: Callable[[], World],
    worlds: Worlds,
    journals: Journals,
    outcome_coverage: OutcomeCoverage,
) -> None:
    """Add the routes ``/verdict`` and ``/outcomes``. *world* returns the world of the present request."""

    @endpoints.add(
        "GET",
        "/verdict",
        "Judge the world's client.",
        members=("ok", "outcomes"),
        query={"format": TextFormat, "world": Literal["*"]},
        content_types=(JSON, TEXT),
    )
    def verdict() -> Response:
        from ...core.verdict import verdict as verdict_module  # a start does not wait for its rules

        def judge(world: World) -> dict[str, Any]:
            journal = journals.of(world.name)
            return verdict_module.document(journal.entries(), world.controls.clock.mode, journal.dropped)

        parameters = _query_parameters("format", "world")
        if parameters.get("world", "*") != "*":
            raise BadInput("world can only be *, for all worlds; name a single world in X-Test-Id or in a key.")
        if "world" in parameters:
            verdicts = {name: judge(worlds.get(name)) for name in sorted(journals.all())}
        else:
            current = world()
            verdicts = {current.name: judge(current)}
        coverage = outcome_coverage.document()
        if parameters.get("format") == "text":
            lines = [
                (f"world {name}: " if name else "") + verdict_module.text(document)
                for name, document in verdicts.items()
            ]
            return _text("".join(lines) + coverage_module.text(coverage))
        content: dict[str, Any] = {"ok": all(document["ok"] for document in verdicts.values())}
        content |= {"worlds": verdicts} if "world" in parameters else next(iter(verdicts.values()))
        return responses.document({**content, "outcomes": coverage})

    @endpoints.add(
        "GET",
        "/outcomes",
        "List the outcomes that clients have and have not met.",
        members=("percent", "met", "unmet"),
        query={"format": TextFormat},
        content_types=(JSON, TEXT),
    )
    def outcomes() -> Response:
        coverage = outcome_coverage.document()
        return (
            _text(coverage_module.text(coverage))
            if _query_parameters("format").get("format") == "text"
            else responses.document(coverage)
        )


def _query_parameters(*names: str) -> Mapping[str, str]:
    """Return the query of the present request. Raise BadInput for a parameter not in *names* and for a bad format."""
    _, pairs = system_parameters.split(query_pairs(request.query_string), request.headers.get)
    for name, value in pairs:
        if name not in names:
            raise BadInput(f"There is no parameter {name[:100]!r}{nearest(name[:100], list(names))}.")
        if name == "format" and value not in ("json", "text"):
            raise BadInput(f"format must be json or text, got {value[:100]!r}.")
    return dict(pairs)


def _text(text: str) -> Response:
    return Response(text, content_type="text/plain; charset=UTF-8")
