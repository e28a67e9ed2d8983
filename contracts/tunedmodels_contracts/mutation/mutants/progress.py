"""Mutants of progress: steps, percent, snapshots, epochs, states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import predicates
from ..mutant import Send, Shelf, Spoiler
from ..predicates import Json
from ..request import Ask
from ..response import Reply

SHELF = Shelf("progress")


def _metadata(reply: Reply, how: Callable[[Json], object]) -> None:
    reply.change(lambda value: how(value) if "completedSteps" in value else None)


def _snapshots(reply: Reply, how: Callable[[list[Json]], list[Json]]) -> None:
    def change(value: Json) -> None:
        if value.get("snapshots"):
            value["snapshots"] = how(value["snapshots"])

    reply.change(change)


def _each(reply: Reply, how: Callable[[Json], object]) -> None:
    reply.change(lambda value: how(value) if predicates.snapshot(value) else None)


@SHELF.memory
def percent_falls() -> Spoiler:
    """Now and then the percentage is that of an earlier look."""
    looks: list[Any] = []

    def spoil(ask: Ask, send: Send) -> Reply:
        reply = send(ask)

        def fall(value: Json) -> None:
            looks.append(value["completedPercent"])
            if len(looks) % 3 == 0:
                value["completedPercent"] = looks[-2] / 2

        _metadata(reply, fall)
        return reply

    return spoil


@SHELF.answer
def percent_is_a_fraction(reply: Reply) -> None:
    """The percentage goes from 0 to 1."""
    _metadata(reply, lambda value: value.update(completedPercent=value["completedPercent"] / 100))


@SHELF.answer
def percent_is_whole(reply: Reply) -> None:
    """The percentage is a whole number."""
    _metadata(reply, lambda value: value.update(completedPercent=int(value["completedPercent"])))


@SHELF.memory
def steps_fall() -> Spoiler:
    """Now and then there are fewer steps than before, and all that is told of them agrees."""
    looks: list[int] = []

    def spoil(ask: Ask, send: Send) -> Reply:
        reply = send(ask)

        def fall(value: Json) -> None:
            looks.append(value["completedSteps"])
            steps = value["completedSteps"] // 2
            if len(looks) % 3 == 0 and steps:
                value["completedSteps"], value["snapshots"] = steps, value["snapshots"][:steps]
                value["completedPercent"] = 100 * steps / value["totalSteps"]

        _metadata(reply, fall)
        return reply

    return spoil


@SHELF.answer
def last_step_missing(reply: Reply) -> None:
    """A run ends one step before its last."""

    def cut(value: Json) -> None:
        if value["completedSteps"] == value["totalSteps"]:
            value["completedSteps"] -= 1
            value["completedPercent"] = 100 * value["completedSteps"] / value["totalSteps"]
            value["snapshots"] = value["snapshots"][:-1]

    _metadata(reply, cut)


@SHELF.answer
def total_grows(reply: Reply) -> None:
    """The number of all steps is the number of those that are completed."""
    _metadata(reply, lambda value: value.update(totalSteps=value["completedSteps"]))


@SHELF.answer
def snapshot_lost(reply: Reply) -> None:
    """One step in the middle has no snapshot."""
    _snapshots(reply, lambda snapshots: snapshots[:2] + snapshots[3:])


@SHELF.answer
def snapshots_thinned_out(reply: Reply) -> None:
    """Only the last ten snapshots are kept."""
    _snapshots(reply, lambda snapshots: snapshots[-10:])


@SHELF.answer
def newest_snapshot_first(reply: Reply) -> None:
    """The snapshot of the last step comes first."""
    _snapshots(reply, lambda snapshots: snapshots[::-1])


@SHELF.answer
def losses_rewritten(reply: Reply) -> None:
    """The losses of earlier steps change while later ones are computed."""

    def change(snapshots: list[Json]) -> list[Json]:
        for snapshot in filter(predicates.snapshot, snapshots):
            snapshot["meanLoss"] = round(snapshot["meanLoss"] + len(snapshots), 3)
        return snapshots

    _snapshots(reply, change)


@SHELF.answer
def losses_rise(reply: Reply) -> None:
    """The loss grows from step to step."""
    _each(reply, lambda value: value.update(meanLoss=value.get("step", 0) / 4))


@SHELF.answer_to
def losses_differ_in_the_model(ask: Ask, reply: Reply) -> None:
    """A model shows other losses than its operation."""
    if not ask.path.count("/operations"):
        _each(reply, lambda value: value.update(meanLoss=round(value["meanLoss"] + 1, 3)))


@SHELF.answer
def steps_from_zero(reply: Reply) -> None:
    """Steps are counted from zero, which is left out."""

    def change(value: Json) -> None:
        value["step"] -= 1
        if not value["step"]:
            del value["step"]

    reply.change(lambda value: change(value) if predicates.snapshot(value) and "step" in value else None)


@SHELF.answer
def epochs_from_one(reply: Reply) -> None:
    """Epochs are counted from one."""
    _each(
        reply,
        lambda value: predicates.put(value, **{"step": 0, "epoch": 0} | value | {"epoch": value.get("epoch", 0) + 1}),
    )


@SHELF.answer
def last_epoch_not_reached(reply: Reply) -> None:
    """The last step belongs to the epoch before the last."""
    _each(reply, lambda value: value.update(epoch=4) if value.get("epoch") == 5 else None)


@SHELF.answer
def always_in_creation(reply: Reply) -> None:
    """A model is being created for ever."""
    reply.change(lambda value: value.update(state="CREATING") if predicates.model(value) else None)


@SHELF.answer
def active_at_once(reply: Reply) -> None:
    """A model is active from the beginning."""
    reply.change(lambda value: value.update(state="ACTIVE") if predicates.model(value) else None)


@SHELF.answer
def no_time_of_completion(reply: Reply) -> None:
    """A model does not say when its run was complete."""
    reply.change(lambda value: value.pop("completeTime", None))
