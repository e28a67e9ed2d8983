"""Serves ``/faults`` and ``/presets``, which arm, read and disarm the faults of a world and list the presets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
from flask import Response, request

from ...core.faults.armed_faults import ArmedFault, arm, disarm, without_expired
from ...core.faults.fault import Fault
from ...core.faults.presets import PRESETS, PresetReference, read_faults
from ...core.state.controls import Controls
from ...core.state.worlds import World
from ...core.strict_input import BadInput, read_json
from .. import responses
from .endpoints import AdminEndpoints


def add(endpoints: AdminEndpoints, world: Callable[[], World]) -> None:
    """Add the routes ``/faults`` and ``/presets``. *world* returns the world of the present request."""

    @endpoints.add("GET", "/faults", "List the armed faults, and how often each fired.", members=("faults",))
    def faults() -> Response:
        current = world()
        return _faults_response(without_expired(current.controls.faults, current.machine()))

    @endpoints.add(
        "POST",
        "/faults",
        "Arm a fault, a preset or a list of both.",
        members=("faults",),
        body=(Fault, PresetReference),
        accepts_list=True,
    )
    def arm_faults() -> Response:
        faults_to_arm = read_faults(read_json(request.get_data(), object))
        if not faults_to_arm:
            raise BadInput('Send a fault such as {"method": "tunedModels.create", "error": {}}, or a list of them.')
        current = world()

        def change(controls: Controls) -> Controls:
            return replace(controls, faults=arm(controls.faults, faults_to_arm, current.now(), current.machine()))

        return _faults_response(current.change(change).faults[-len(faults_to_arm) :])

    @endpoints.add("DELETE", "/faults", "Disarm all faults.")
    def disarm_faults() -> Response:
        world().change(lambda controls: replace(controls, faults=()))
        return responses.document({})

    @endpoints.add(
        "GET", "/faults/{fault_id}", "Read a fault.", members=("id", "effect", "hits"), error_statuses=(404,)
    )
    def read_fault(fault_id: str) -> Response:
        current = world()
        matches = [
            item for item in without_expired(current.controls.faults, current.machine()) if item.fault.id == fault_id
        ]
        return responses.document(matches[0].document()) if matches else _no_such_fault(current, fault_id)

    @endpoints.add("DELETE", "/faults/{fault_id}", "Disarm a fault.", error_statuses=(404,))
    def disarm_fault(fault_id: str) -> Response:
        current = world()
        try:
            current.change(lambda controls: replace(controls, faults=disarm(controls.faults, fault_id)))
        except KeyError:
            return _no_such_fault(current, fault_id)
        return responses.document({})

    @endpoints.add("GET", "/presets", "List the presets.", members=("presets",))
    def presets() -> Response:
        documents: dict[str, Any] = {
            name: [msgspec.to_builtins(fault) for fault in group] for name, group in PRESETS.items()
        }
        return responses.document({"presets": documents})


def _faults_response(faults: tuple[ArmedFault, ...]) -> Response:
    return responses.document({"faults": [item.document() for item in faults]})


def _no_such_fault(world: World, fault_id: str) -> Response:
    try:
        disarm(without_expired(world.controls.faults, world.machine()), fault_id)
    except KeyError as error:
        return responses.document({"error": error.args[0]}, 404)
    return responses.document({"error": f"There is no fault {fault_id!r} any more."}, 404)
