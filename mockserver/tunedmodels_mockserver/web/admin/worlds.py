"""Serves ``/worlds``, ``/world`` and ``/reset``, which list, drop and reset worlds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import Any, Literal

import msgspec
from flask import Response, request

from ...core.faults.armed_faults import without_expired
from ...core.journal.registry import Journals
from ...core.state.controls import Controls
from ...core.state.store import State
from ...core.state.worlds import World, Worlds
from ...core.strict_input import BadInput, read_json
from .. import responses
from .endpoints import AdminEndpoints

MAX_REPORTED = 100  # models of a dropped world that the answer lists at most
_CONTROLS = ("faults", "canned", "clock")  # the scopes that are one member of the controls


class Reset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The scope of a reset, which returns that part of a world to its beginning.

    ``models`` are its models with their operations and permissions. ``all`` also clears the journal.
    """

    scope: Literal["all", "models", "faults", "canned", "clock"] = "all"


def add(endpoints: AdminEndpoints, world: Callable[[], World], worlds: Worlds, journals: Journals) -> None:
    """Add the routes ``/worlds``, ``/reset`` and ``/world``. *world* returns the world of the present request."""

    @endpoints.add("GET", "/worlds", "List the worlds.", members=("worlds",))
    def list_worlds() -> Response:
        return responses.document({"worlds": [{"name": name} for name in worlds.names()]})

    @endpoints.add(
        "POST",
        "/reset",
        "Reset all, models, faults, canned or clock.",
        members=("scope",),
        body=(Reset,),
        required=False,
    )
    def reset() -> Response:
        data = request.get_data()
        scope = read_json(data, Reset).scope if data.strip() else "all"
        current = world()
        content = _reset(current, worlds, scope)
        if scope == "all":
            journals.of(current.name).clear()
        return responses.document(content)

    @endpoints.add(
        "DELETE", "/world", "Drop the world; with tell=left, report its content.", query={"tell": Literal["left"]}
    )
    def drop_world() -> Response:
        current, report = world(), request.args.get("tell")
        if report not in (None, "left"):
            raise BadInput(f"tell can only be left, which reports the content of the world; got {report[:100]!r}.")
        content = _world_content(current) if report else {}
        worlds.drop(current.name)
        journals.drop(current.name)
        return responses.document(content)


def _reset(world: World, worlds: Worlds, scope: str) -> dict[str, Any]:
    """Reset *scope*. Return it, and for models the numbers of those removed and of those that the world has now."""
    if scope in _CONTROLS:

        def change(controls: Controls) -> Controls:
            # The clock of the world goes on, so the windows of its faults begin on that clock.
            initial = worlds.initial_state(world.name, controls.clock)
            return replace(controls, **{scope: getattr(initial.controls, scope)})

        world.change(change)
        return {"scope": scope}
    initial, before = worlds.initial_state(world.name), world.store.state()
    controls: Controls = initial.controls if scope == "all" else before.controls
    world.store.restore(State(initial.base, controls))
    return {"scope": scope, "removed": len(before.base.order), "models": len(initial.base.order)}


def _world_content(world: World) -> dict[str, Any]:
    controls = world.controls
    return {
        "faults": [item.document() for item in without_expired(controls.faults, world.machine())],
        "missed": controls.canned.miss_count,
        "misses": [msgspec.to_builtins(miss) for miss in controls.canned.misses],
        "models": [record.name for record in islice(world.store.records_after(0), MAX_REPORTED)],
    }
