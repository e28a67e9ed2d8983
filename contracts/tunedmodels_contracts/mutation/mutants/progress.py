"""Mutants of progress: steps, percent, snapshots, epochs, states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import predicates
from ..mutant import Handler, MutantGroup, Send
from ..predicates import Json
from ..request import MutantRequest
from ..response import MutantResponse

GROUP = MutantGroup("progress")


def _edit_metadata(response: MutantResponse, edit: Callable[[Json], object]) -> None:
    response.change_objects(lambda value: edit(value) if "completedSteps" in value else None)


def _edit_snapshots(response: MutantResponse, edit: Callable[[list[Json]], list[Json]]) -> None:
    def change(value: Json) -> None:
        if value.get("snapshots"):
            value["snapshots"] = edit(value["snapshots"])

    response.change_objects(change)


def _edit_each_snapshot(response: MutantResponse, edit: Callable[[Json], object]) -> None:
    response.change_objects(lambda value: edit(value) if predicates.is_snapshot(value) else None)


@GROUP.stateful
def percent_falls() -> Handler:
    """Now and then the percentage is that of an earlier look."""
    looks: list[Any] = []

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        response = send(request)

        def fall(value: Json) -> None:
            looks.append(value["completedPercent"])
            if len(looks) % 3 == 0:
                value["completedPercent"] = looks[-2] / 2

        _edit_metadata(response, fall)
        return response

    return handle


@GROUP.response
def percent_is_a_fraction(response: MutantResponse) -> None:
    """The percentage goes from 0 to 1."""
    _edit_metadata(response, lambda value: value.update(completedPercent=value["completedPercent"] / 100))


@GROUP.response
def percent_is_whole(response: MutantResponse) -> None:
    """The percentage is a whole number."""
    _edit_metadata(response, lambda value: value.update(completedPercent=int(value["completedPercent"])))


@GROUP.stateful
def steps_fall() -> Handler:
    """Now and then there are fewer steps than before, and all that is told of them agrees."""
    looks: list[int] = []

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        response = send(request)

        def fall(value: Json) -> None:
            looks.append(value["completedSteps"])
            steps = value["completedSteps"] // 2
            if len(looks) % 3 == 0 and steps:
                value["completedSteps"], value["snapshots"] = steps, value["snapshots"][:steps]
                value["completedPercent"] = 100 * steps / value["totalSteps"]

        _edit_metadata(response, fall)
        return response

    return handle


@GROUP.response
def last_step_missing(response: MutantResponse) -> None:
    """A run ends one step before its last."""

    def cut(value: Json) -> None:
        if value["completedSteps"] == value["totalSteps"]:
            value["completedSteps"] -= 1
            value["completedPercent"] = 100 * value["completedSteps"] / value["totalSteps"]
            value["snapshots"] = value["snapshots"][:-1]

    _edit_metadata(response, cut)


@GROUP.response
def total_grows(response: MutantResponse) -> None:
    """The number of all steps is the number of those that are completed."""
    _edit_metadata(response, lambda value: value.update(totalSteps=value["completedSteps"]))


@GROUP.response
def snapshot_lost(response: MutantResponse) -> None:
    """One step in the middle has no snapshot."""
    _edit_snapshots(response, lambda snapshots: snapshots[:2] + snapshots[3:])


@GROUP.response
def snapshots_thinned_out(response: MutantResponse) -> None:
    """Only the last ten snapshots are kept."""
    _edit_snapshots(response, lambda snapshots: snapshots[-10:])


@GROUP.response
def newest_snapshot_first(response: MutantResponse) -> None:
    """The snapshot of the last step comes first."""
    _edit_snapshots(response, lambda snapshots: snapshots[::-1])


@GROUP.response
def losses_rewritten(response: MutantResponse) -> None:
    """The losses of earlier steps change while later ones are computed."""

    def change(snapshots: list[Json]) -> list[Json]:
        for snapshot in filter(predicates.is_snapshot, snapshots):
            snapshot["meanLoss"] = round(snapshot["meanLoss"] + len(snapshots), 3)
        return snapshots

    _edit_snapshots(response, change)


@GROUP.response
def losses_rise(response: MutantResponse) -> None:
    """The loss grows from step to step."""
    _edit_each_snapshot(response, lambda value: value.update(meanLoss=value.get("step", 0) / 4))


@GROUP.response_to
def losses_differ_in_the_model(request: MutantRequest, response: MutantResponse) -> None:
    """A model shows other losses than its operation."""
    if not request.path.count("/operations"):
        _edit_each_snapshot(response, lambda value: value.update(meanLoss=round(value["meanLoss"] + 1, 3)))


@GROUP.response
def steps_from_zero(response: MutantResponse) -> None:
    """Steps are counted from zero, which is left out."""

    def change(value: Json) -> None:
        value["step"] -= 1
        if not value["step"]:
            del value["step"]

    response.change_objects(lambda value: change(value) if predicates.is_snapshot(value) and "step" in value else None)


@GROUP.response
def epochs_from_one(response: MutantResponse) -> None:
    """Epochs are counted from one."""
    _edit_each_snapshot(
        response,
        lambda value: predicates.replace_members(
            value, **{"step": 0, "epoch": 0} | value | {"epoch": value.get("epoch", 0) + 1}
        ),
    )


@GROUP.response
def last_epoch_not_reached(response: MutantResponse) -> None:
    """The last step belongs to the epoch before the last."""
    _edit_each_snapshot(response, lambda value: value.update(epoch=4) if value.get("epoch") == 5 else None)


@GROUP.response
def always_in_creation(response: MutantResponse) -> None:
    """A model is being created for ever."""
    response.change_objects(lambda value: value.update(state="CREATING") if predicates.is_model(value) else None)


@GROUP.response
def active_at_once(response: MutantResponse) -> None:
    """A model is active from the beginning."""
    response.change_objects(lambda value: value.update(state="ACTIVE") if predicates.is_model(value) else None)


@GROUP.response
def no_time_of_completion(response: MutantResponse) -> None:
    """A model does not say when its run was complete."""
    response.change_objects(lambda value: value.pop("completeTime", None))
