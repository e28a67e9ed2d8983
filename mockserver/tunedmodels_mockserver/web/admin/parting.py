"""Parting: a world is forgotten, and the answer can say what was in it, so that a test's end is one call."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

import msgspec
from flask import Blueprint, Response, request

from ...core.faults.armed import living
from ...core.journal.registry import Journals
from ...core.state.worlds import World, Worlds
from ...core.strict_input import BadInput
from .. import responses

MOST_TOLD = 100  # of the models that there were


def add(blueprint: Blueprint, world: Callable[[], World], worlds: Worlds, journals: Journals) -> None:
    """Add the route by which the present request's *world* is forgotten."""

    @blueprint.delete("/world")
    def drop_world() -> Response:
        dropped, tell = world(), request.args.get("tell")
        if tell not in (None, "left"):
            raise BadInput(f"tell can only be left: say what was in the world; got {tell[:100]!r}.")
        told = _told(dropped) if tell else {}
        worlds.drop(dropped.name)
        journals.drop(dropped.name)
        return responses.document(told)


def _told(world: World) -> dict[str, Any]:
    controls = world.controls
    return {
        "faults": [item.told() for item in living(controls.faults, world.machine())],
        "missed": controls.canned.missed,
        "misses": [msgspec.to_builtins(miss) for miss in controls.canned.misses],
        "models": [record.name for record in islice(world.store.after(0), MOST_TOLD)],
    }
