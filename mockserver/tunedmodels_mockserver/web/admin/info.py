"""Serves ``/info``: the version, settings and capabilities of the server, and the clock of a world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response

from ...core.faults.armed_faults import without_expired
from ...core.faults.presets import PRESETS
from ...core.state.worlds import World
from ...wire.protojson.timestamps import format_timestamp
from ...wire.surface import VERSIONS
from .. import responses
from ..api_response import VERSION
from .endpoints import AdminEndpoints


def add(endpoints: AdminEndpoints, world: Callable[[], World], settings: Mapping[str, Any]) -> None:
    """Add the route ``/info``. *world* returns the world of the present request. The answer shows *settings*."""

    @endpoints.add(
        "GET",
        "/info",
        "Show the version, settings and capabilities of the server.",
        members=("version", "settings", "world", "clock", "faults", "capabilities"),
    )
    def info() -> Response:
        current = world()
        machine = current.machine()
        controls = current.controls
        clock = controls.clock
        return responses.document(
            {
                "version": VERSION,
                "settings": settings,
                "world": current.name,
                "clock": {"now": format_timestamp(clock.now(machine), 9), "mode": clock.mode.value, "rate": clock.rate},
                "faults": len(without_expired(controls.faults, machine)),
                "capabilities": {
                    "versions": list(VERSIONS),
                    "admin": _admin_nouns(endpoints),
                    "presets": list(PRESETS),
                },
            }
        )


def _admin_nouns(endpoints: AdminEndpoints) -> list[str]:
    """Return the first word of each path, sorted. These words name the parts of the admin surface."""
    paths = (endpoint.path.removeprefix("/") for endpoint in endpoints.all)
    return sorted({path.partition("/")[0].partition(":")[0] for path in paths})
