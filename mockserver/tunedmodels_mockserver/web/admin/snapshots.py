"""Serves ``/snapshots``, which saves states of a world by name, restores them and compares them."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from flask import Response, request

from ...core.state.differences import difference
from ...core.state.store import State
from ...core.state.worlds import World
from ...core.strict_input import BadInput, nearest
from ...core.world_names import WORLD_NAME
from .. import responses
from .endpoints import JSON, TEXT, AdminEndpoints, TextFormat


def add(endpoints: AdminEndpoints, world: Callable[[], World]) -> None:
    """Add the routes ``/snapshots``. *world* returns the world of the present request."""

    @endpoints.add("GET", "/snapshots", "List the snapshots.", members=("snapshots",))
    def list_snapshots() -> Response:
        return responses.document({"snapshots": [{"name": name} for name in world().store.snapshot_names()]})

    @endpoints.add("POST", "/snapshots/{name}", "Take a snapshot.", members=("name", "models"))
    def take_snapshot(name: str) -> Response:
        if not WORLD_NAME.fullmatch(name):
            raise BadInput(f"A snapshot's name is 1 to 100 letters, digits, dots, dashes or underscores, got {name!r}.")
        current = world()
        state = _current_state(current)
        current.store.save_snapshot(name, state)
        return responses.document({"name": name, "models": len(state.base.order)})

    @endpoints.add(
        "POST", "/snapshots/{name}:restore", "Restore a snapshot.", members=("name", "models"), error_statuses=(404,)
    )
    def restore_snapshot(name: str) -> Response:
        current = world()
        state = current.store.snapshot(name)
        if state is None:
            return _no_such_snapshot(current, name)
        current.store.restore(state.pause().start(current.machine()))
        return responses.document({"name": name, "models": len(state.base.order)})

    @endpoints.add("DELETE", "/snapshots/{name}", "Remove a snapshot.", error_statuses=(404,))
    def remove_snapshot(name: str) -> Response:
        current = world()
        return responses.document({}) if current.store.delete_snapshot(name) else _no_such_snapshot(current, name)

    @endpoints.add(
        "GET",
        "/snapshots/{name}:diff",
        "Compare a snapshot with another, or with the current state.",
        query={"with": str, "format": TextFormat},
        content_types=(JSON, TEXT),
        error_statuses=(404,),
    )
    def compare_snapshot(name: str) -> Response:
        current, other = world(), request.args.get("with")
        before = current.store.snapshot(name)
        if before is None:
            return _no_such_snapshot(current, name)
        after = current.store.snapshot(other) if other else _current_state(current)
        if after is None:
            return _no_such_snapshot(current, other or "")
        differences = difference(before, after)
        if request.args.get("format") == "text":
            return Response(differences.text, content_type="text/plain; charset=UTF-8")
        return responses.document(msgspec.to_builtins(differences))


def _current_state(world: World) -> State:
    return world.store.state().snapshot(world.machine())


def _no_such_snapshot(world: World, name: str) -> Response:
    near = nearest(name, world.store.snapshot_names())
    return responses.document({"error": f"There is no snapshot {name!r} in this world{near}."}, 404)
