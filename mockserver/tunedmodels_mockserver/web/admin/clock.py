"""Serves ``/clock``, which reads and moves the clock of a world and reports the runs that a move changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import msgspec
from flask import Response, request

from ...core.clock import Clock, Mode
from ...core.runs import view
from ...core.state.controls import Controls
from ...core.state.records import TunedModelRecord
from ...core.state.worlds import World
from ...core.strict_input import BadInput, read_json
from ...wire.protojson.timestamps import format_timestamp, parse_timestamp
from ...wire.units import MICROSECOND
from .. import responses
from .endpoints import AdminEndpoints

_MEMBERS = ("now", "mode", "rate")
MAX_REPORTED = 100  # runs that the answer to a move lists at most
_EMPTY_MOVE = 'Send {"advance": SECONDS}, {"advance": "next"} or "end", or one of mode, freeze, resume, rate and set.'


class Move(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A change of a clock. It applies in this order: the mode, the rate, the moment (``set``), then ``advance``.

    ``freeze`` sets the mode manual, ``resume`` the mode real. ``advance`` is a number of seconds; or ``next``, up to
    the next event of any run; or ``end``, until all runs have ended. Only ``set`` can move the clock back.
    """

    mode: Mode | None = None
    freeze: bool = False
    resume: bool = False
    rate: float | None = None
    set: str | None = None
    advance: float | Literal["next", "end"] | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for members that exclude each other, and for a negative ``advance``."""
        if (self.mode is not None) + self.freeze + self.resume > 1:
            raise ValueError("mode, freeze and resume exclude each other; send one of them")
        if isinstance(self.advance, float) and not self.advance >= 0:
            raise ValueError(f'advance must not be negative, got {self.advance}; send "set" to go back in time')


def add(endpoints: AdminEndpoints, world: Callable[[], World]) -> None:
    """Add the routes ``/clock``. *world* returns the world of the present request."""

    @endpoints.add("GET", "/clock", "Read the world's clock.", members=_MEMBERS)
    def clock() -> Response:
        current = world()
        clock = current.controls.clock
        return responses.document(_clock_document(clock, clock.now(current.machine())))

    @endpoints.add(
        "POST", "/clock", "Move the clock and list the runs that change.", members=(*_MEMBERS, "caused"), body=(Move,)
    )
    def move_clock() -> Response:
        current, move = world(), read_json(request.get_data(), Move)
        if move == Move():
            raise BadInput(_EMPTY_MOVE)

        def change(controls: Controls) -> tuple[Controls, tuple[int, int]]:
            machine = current.machine()
            clock = _move(controls.clock, machine, move, current)
            return replace(controls, clock=clock), (controls.clock.now(machine), clock.now(machine))

        controls, (before, now) = current.change_with(change)
        return responses.document(_clock_document(controls.clock, now) | _changes_document(current, before, now))


def _move(clock: Clock, machine: int, move: Move, world: World) -> Clock:
    mode = Mode.MANUAL if move.freeze else Mode.REAL if move.resume else move.mode
    try:
        if mode is not None or move.rate is not None:
            clock = clock.with_mode(machine, mode, move.rate)
        if move.set is not None:
            clock = clock.set(machine, _parse_moment(move.set))
        if isinstance(move.advance, str):
            now = clock.now(machine)
            return clock.set(machine, max(now, _target_moment(world, now, move.advance)))
        return clock if move.advance is None else clock.advance(machine, move.advance)
    except ValueError as error:
        raise BadInput(str(error)) from None


def _parse_moment(text: str) -> int:
    moment = parse_timestamp(text)
    if moment is None:
        raise BadInput(f"set must be a time such as 2026-01-01T00:00:00Z, got {text!r}.")
    return moment


def _target_moment(world: World, now: int, word: str) -> int:
    """Return the moment that *word* (``next`` or ``end``) names, or *now* if no run has such a moment."""
    plans = (record.plan for record in world.store.records_after(0))
    if word == "end":
        return max(filter(None, map(view.end_time, plans)), default=now)
    return min(filter(None, (view.next_change(plan, now) for plan in plans)), default=now)


def _clock_document(clock: Clock, now: int) -> dict[str, Any]:
    return {"now": format_timestamp(now, 9), "mode": clock.mode.value, "rate": clock.rate}


def _changes_document(world: World, before: int, now: int) -> dict[str, Any]:
    """Return the runs that differ between *before* and *now*, and the runs that time alone does not end."""
    before, now = (moment // MICROSECOND * MICROSECOND for moment in (before, now))
    changed, stalled = [], []
    for record in world.store.records_after(0):
        if view.is_settled(record.plan, min(before, now)):
            continue
        change = _run_change(record, before, now)
        if change:
            changed.append(change)
        if view.end_time(record.plan) is None:
            stalled.append(record.operation_name)
    document: dict[str, Any] = {"caused": changed[:MAX_REPORTED]}
    if len(changed) > MAX_REPORTED:
        document["more"] = len(changed) - MAX_REPORTED
    if stalled:
        document["stalled"] = stalled[:MAX_REPORTED]
    return document


def _run_change(record: TunedModelRecord, before: int, now: int) -> dict[str, Any] | None:
    old, new = (view.view(record.plan, moment) for moment in (before, now))
    state = view.model_view(record.plan, now).state
    old_state = (old.completed_steps, old.done, view.model_view(record.plan, before).state)
    if old_state == (new.completed_steps, new.done, state):
        return None
    return {
        "operation": record.operation_name,
        "model": record.name,
        "steps": [old.completed_steps, new.completed_steps],
        "percent": new.completed_percent,
        "state": state.name,
        "done": new.done,
    }
