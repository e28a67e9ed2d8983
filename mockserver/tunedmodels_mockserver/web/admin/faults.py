"""The faults of a world: arm, read and remove them, and see the presets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
from flask import Blueprint, Response, request

from ...core.faults.armed import Armed, arm, disarm, living
from ...core.faults.presets import PRESETS, read_faults
from ...core.state.controls import Controls
from ...core.state.worlds import World
from ...core.strict_input import BadInput, read_json
from .. import responses


def add(blueprint: Blueprint, world: Callable[[], World]) -> None:
    """Add the routes ``/faults`` of the present request's *world*, and ``/presets``."""

    @blueprint.get("/faults")
    def faults() -> Response:
        asked = world()
        return _told(living(asked.controls.faults, asked.machine()))

    @blueprint.post("/faults")
    def arm_faults() -> Response:
        given = read_faults(read_json(request.get_data(), object))
        if not given:
            raise BadInput('Send a fault such as {"method": "tunedModels.create", "error": {}}, or a list of them.')
        changed = world()

        def change(controls: Controls) -> Controls:
            return replace(controls, faults=arm(controls.faults, given, changed.now(), changed.machine()))

        return _told(changed.change(change).faults[-len(given) :])

    @blueprint.delete("/faults")
    def disarm_faults() -> Response:
        world().change(lambda controls: replace(controls, faults=()))
        return responses.document({})

    @blueprint.get("/faults/<fault_id>")
    def fault(fault_id: str) -> Response:
        asked = world()
        found = [item for item in living(asked.controls.faults, asked.machine()) if item.fault.id == fault_id]
        return responses.document(found[0].told()) if found else _missing(asked, fault_id)

    @blueprint.delete("/faults/<fault_id>")
    def disarm_fault(fault_id: str) -> Response:
        changed = world()
        try:
            changed.change(lambda controls: replace(controls, faults=disarm(controls.faults, fault_id)))
        except KeyError:
            return _missing(changed, fault_id)
        return responses.document({})

    @blueprint.get("/presets")
    def presets() -> Response:
        shown: dict[str, Any] = {
            name: [msgspec.to_builtins(fault) for fault in group] for name, group in PRESETS.items()
        }
        return responses.document({"presets": shown})


def _told(faults: tuple[Armed, ...]) -> Response:
    return responses.document({"faults": [item.told() for item in faults]})


def _missing(world: World, fault_id: str) -> Response:
    try:
        disarm(living(world.controls.faults, world.machine()), fault_id)
    except KeyError as error:
        return responses.document({"error": error.args[0]}, 404)
    return responses.document({"error": f"There is no fault {fault_id!r} any more."}, 404)
