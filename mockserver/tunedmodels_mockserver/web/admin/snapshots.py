"""Snapshots: states of a world that are kept by name, to come back to and to compare."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from flask import Blueprint, Response, request

from ...core.state.differences import difference
from ...core.state.store import State
from ...core.state.worlds import NAME, World
from ...core.strict_input import BadInput, nearest
from .. import responses


def add(blueprint: Blueprint, world: Callable[[], World]) -> None:
    """Add the routes ``/snapshots`` of the present request's *world*."""

    @blueprint.get("/snapshots")
    def list_snapshots() -> Response:
        return responses.document({"snapshots": [{"name": name} for name in world().store.saves()]})

    @blueprint.post("/snapshots/<name>")
    def take(name: str) -> Response:
        if not NAME.fullmatch(name):
            raise BadInput(f"A snapshot's name is 1 to 100 letters, digits, dots, dashes or underscores, got {name!r}.")
        taken = world()
        state = _present(taken)
        taken.store.save(name, state)
        return responses.document({"name": name, "models": len(state.base.order)})

    @blueprint.post("/snapshots/<name>:restore")
    def restore(name: str) -> Response:
        restored = world()
        state = restored.store.saved(name)
        if state is None:
            return _missing(restored, name)
        restored.store.begin(state.paused().started(restored.machine()))
        return responses.document({"name": name, "models": len(state.base.order)})

    @blueprint.delete("/snapshots/<name>")
    def forget(name: str) -> Response:
        forgetting = world()
        return responses.document({}) if forgetting.store.forget(name) else _missing(forgetting, name)

    @blueprint.get("/snapshots/<name>:diff")
    def diff(name: str) -> Response:
        asked, other = world(), request.args.get("with")
        before = asked.store.saved(name)
        if before is None:
            return _missing(asked, name)
        after = asked.store.saved(other) if other else _present(asked)
        if after is None:
            return _missing(asked, other or "")
        found = difference(before, after)
        if request.args.get("format") == "text":
            return Response(found.text, content_type="text/plain; charset=UTF-8")
        return responses.document(msgspec.to_builtins(found))


def _present(world: World) -> State:
    return world.store.state().taken(world.machine())


def _missing(world: World, name: str) -> Response:
    near = nearest(name, world.store.saves())
    return responses.document({"error": f"There is no snapshot {name!r} in this world{near}."}, 404)
