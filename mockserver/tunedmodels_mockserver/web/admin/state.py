"""Serves ``/state``, which reads and replaces the state of one world or all, as the JSON of state files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec
from flask import Response, request

from ...core.state import file as state_file
from ...core.state.file import WorldContent, check_base_models
from ...core.state.store import State
from ...core.state.worlds import World, Worlds
from ...core.strict_input import BadInput
from .. import responses
from .endpoints import AdminEndpoints

ALL = "*"


class StateDocument(msgspec.Struct):
    """The state of worlds, in the form that ``GET /_emulator/state`` returns. Do not write it by hand."""

    format: Literal["tunedmodels-state"]
    version: int
    worlds: dict[str, Any]
    examples: dict[str, Any] = {}


def add(endpoints: AdminEndpoints, world: Callable[[], World], worlds: Worlds) -> None:
    """Add the routes ``/state``. *world* returns the world of the present request; ``?world=*`` means all worlds."""

    @endpoints.add(
        "GET", "/state", "Read the state.", members=("format", "version", "worlds"), query={"world": Literal["*"]}
    )
    def state() -> Response:
        selected = worlds.all() if _is_for_all_worlds() else [world()]
        data = state_file.write({item.name: item.store.state().snapshot(item.machine()) for item in selected})
        return Response(data, content_type="application/json; charset=UTF-8")

    @endpoints.add(
        "PUT", "/state", "Replace the state.", members=("worlds",), body=(StateDocument,), query={"world": Literal["*"]}
    )
    def put_state() -> Response:
        contents = state_file.read(request.get_data())
        check_base_models(contents, worlds.base_models)
        if not _is_for_all_worlds():
            if len(contents) != 1:
                names = ", ".join(map(repr, contents))
                raise BadInput(f"This is the state of {len(contents)} worlds, {names}. Send one, or use ?world=*.")
            return responses.document({"worlds": [_replace_state(world(), *contents.values())]})
        return responses.document(
            {"worlds": [_replace_state(worlds.get(name), content) for name, content in contents.items()]}
        )


def _is_for_all_worlds() -> bool:
    world_parameter = request.args.get("world", ALL if "world" in request.args else "")
    if world_parameter not in ("", ALL):
        raise BadInput(
            f"world can only be {ALL}, for all worlds, got {world_parameter!r}; name a single world in X-Test-Id."
        )
    return world_parameter == ALL


def _replace_state(world: World, content: WorldContent) -> dict[str, object]:
    """Replace everything in *world* by *content*, and return the name of the world and its number of models.

    The clock continues from the time at which the state was taken. If *content* has no controls, the world keeps its
    own, with the clock.
    """
    if content.controls is None:
        state = State(content.base, world.controls)
    else:
        state = State(content.base, content.controls).pause().start(world.machine())
    world.store.restore(state)
    return {"name": world.name, "models": len(content.base.order)}
