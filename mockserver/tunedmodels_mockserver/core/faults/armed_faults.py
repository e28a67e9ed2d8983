"""Arms the faults of a world, counts their calls, and decides which of them fire at a call.

Armed faults are immutable values: each function returns new ones.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import ceil
from typing import Any

import msgspec
from msgspec.structs import replace

from ...wire.units import SECOND
from .. import random_draws
from ..strict_input import BadInput, nearest
from .fault import CREATE, Fault, FaultQuery, Quota

MAX_FAULTS = 1000  # faults of one world
# At most one fault replaces the answer of a call. These effects can apply in addition.
_COMPOSING = frozenset({"latency", "run", "withdrawn", "pedantic"})


class ArmedFault(msgspec.Struct, frozen=True):
    """A fault with its counters.

    ``armed_at`` is the moment on the world's clock at which it was armed, and ``armed_at_machine`` the machine's time,
    both in nanoseconds. ``armed_at`` is None for a fault of the server's options until the world begins.
    ``matched`` is the number of calls in its scope and window. ``hits`` is the number of times that it fired. ``calls``
    are the moments of the calls that a quota has let pass and still counts.
    """

    fault: Fault
    armed_at: int | None
    armed_at_machine: int
    matched: int = 0
    hits: int = 0
    calls: tuple[int, ...] = ()

    @property
    def remaining(self) -> int | None:
        """The number of times that it can still fire, None if there is no limit."""
        return None if self.fault.limit is None else max(self.fault.limit - self.hits, 0)

    def is_expired(self, machine: int) -> bool:
        """Return whether its time to live is over when the machine's time is *machine*."""
        return self.fault.ttl is not None and machine >= self.armed_at_machine + round(self.fault.ttl * SECOND)

    def document(self) -> dict[str, Any]:
        """Return it as plain JSON: the fault as it was armed, and its counters."""
        fault: dict[str, Any] = msgspec.to_builtins(self.fault)
        counts = {"seen": self.matched, "hits": self.hits, "remaining": self.remaining, "fired": self.hits > 0}
        return {"id": self.fault.id, "effect": self.fault.kind, **fault, "required": self.fault.required, **counts}


class TriggeredFault(msgspec.Struct, frozen=True):
    """A fault that fires at the present call. ``draw`` is a number in [0, 1) from the seed, for the jitter.

    ``retry_after`` is the time in seconds after which a quota lets the next call pass, None if it is unknown or never.
    """

    fault: Fault
    draw: float = 0.0
    retry_after: int | None = None


def arm(
    armed: tuple[ArmedFault, ...], faults: Sequence[Fault], now: int | None, machine: int
) -> tuple[ArmedFault, ...]:
    """Return *armed* with *faults* after them. Expired faults are removed, and a fault without an id gets one.

    With None for *now*, ``arm_at_start`` arms the faults when the world begins.
    Raises BadInput for an id that another fault has, and for more than 1000 faults.
    """
    active = without_expired(armed, machine)
    used_ids = {item.fault.id for item in active}
    number = 0
    for fault in faults:
        if fault.id in used_ids:
            raise BadInput(f"The fault {fault.id!r} already exists; delete it first, or choose another id.")
        if not fault.id:
            while not number or f"fault-{number}" in used_ids:
                number += 1
            fault = msgspec.structs.replace(fault, id=f"fault-{number}")
        used_ids.add(fault.id)
        active = (*active, ArmedFault(fault, now, machine))
    if len(active) > MAX_FAULTS:
        raise BadInput(
            f"A world can have at most {MAX_FAULTS} faults, and these would be {len(active)}; delete some first."
        )
    return active


def disarm(armed: tuple[ArmedFault, ...], fault_id: str) -> tuple[ArmedFault, ...]:
    """Return *armed* without the fault called *fault_id*. Raises KeyError, with a sentence, if there is none."""
    remaining = tuple(item for item in armed if item.fault.id != fault_id)
    if len(remaining) == len(armed):
        raise KeyError(f"There is no fault {fault_id!r}{nearest(fault_id, [item.fault.id for item in armed])}.")
    return remaining


def without_expired(armed: tuple[ArmedFault, ...], machine: int) -> tuple[ArmedFault, ...]:
    """Return the faults of *armed* whose time to live is not over when the machine's time is *machine*."""
    return (
        armed
        if not any(item.is_expired(machine) for item in armed)
        else tuple(i for i in armed if not i.is_expired(machine))
    )


def arm_at_start(armed: tuple[ArmedFault, ...], now: int, machine: int) -> tuple[ArmedFault, ...]:
    """Return *armed* with those armed at *now* that wait for the beginning of their world."""
    return tuple(
        replace(item, armed_at=now, armed_at_machine=machine) if item.armed_at is None else item for item in armed
    )


def restart_lifetimes(armed: tuple[ArmedFault, ...], machine: int) -> tuple[ArmedFault, ...]:
    """Return *armed* with times to live that start at the machine's time *machine*. Their windows do not move."""
    return tuple(replace(item, armed_at_machine=machine) for item in armed)


def counts_runs(armed: tuple[ArmedFault, ...], method: str) -> bool:
    """Return whether a fault of *armed* needs the number of unfinished runs to decide about a call of *method*."""
    return method == CREATE and any(item.fault.quota and item.fault.quota.concurrent is not None for item in armed)


def trigger(
    armed: tuple[ArmedFault, ...], query: FaultQuery, now: int, machine: int, *, has_answer: bool = False
) -> tuple[tuple[ArmedFault, ...], tuple[TriggeredFault, ...]]:
    """Return *armed* with the call *query* counted, and the faults that fire at it.

    At most one of these replaces the answer of the call, and it comes last. With *has_answer*, no fault
    replaces the answer. Faults with ``latency``, ``run``, ``withdrawn`` and ``pedantic`` can fire in addition.
    """
    armed = without_expired(armed, machine)
    places = sorted(range(len(armed)), key=lambda place: armed[place].fault.order)
    updated = dict(enumerate(armed))
    triggered: list[TriggeredFault] = []
    answer: TriggeredFault | None = None
    for place in places:
        item = armed[place]
        if not item.fault.matches(query) or not _is_open(item, now):
            continue
        item = replace(item, matched=item.matched + 1)
        composing = item.fault.kind in _COMPOSING
        kind = item.fault.kind
        already_fires = kind != "latency" and any(other.fault.kind == kind for other in triggered)
        if already_fires if composing else (answer is not None or has_answer):
            updated[place] = item
            continue
        item, hit = _trigger_one(item, query, now)
        updated[place] = item
        if hit and composing:
            triggered.append(hit)
        elif hit:
            answer = hit
    after = tuple(updated.values())
    return (armed if after == armed else after), (*triggered, *((answer,) if answer else ()))


def undo_run_faults(
    armed: tuple[ArmedFault, ...], query: FaultQuery, now: int, triggered_ids: Collection[str]
) -> tuple[ArmedFault, ...]:
    """Return *armed* as if faults with ``run`` had not counted the create *query*, at which *triggered_ids* fired.

    This is for a create that starts no run, so that these faults apply to the next create that starts one.
    """
    return tuple(
        replace(item, matched=max(item.matched - 1, 0), hits=max(item.hits - (item.fault.id in triggered_ids), 0))
        if item.fault.run is not None and item.fault.matches(query) and _is_open(item, now)
        else item
        for item in armed
    )


def _trigger_one(item: ArmedFault, query: FaultQuery, now: int) -> tuple[ArmedFault, TriggeredFault | None]:
    """Return *item*, which has counted the present call as seen, and the triggered fault, or None."""
    fault = item.fault
    if item.matched <= fault.skip or item.remaining == 0:
        return item, None
    if fault.probability < 1 and random_draws.uniform(query.seed, "fault", fault.id, item.matched) >= fault.probability:
        return item, None
    hit: TriggeredFault | None
    if fault.quota:
        item, hit = _charge_quota(item, fault.quota, query, now)
    else:
        hit = TriggeredFault(
            fault,
            random_draws.uniform(query.seed, "jitter", fault.id, item.matched) if fault.latency is not None else 0.0,
        )
    return (replace(item, hits=item.hits + 1) if hit else item), hit


def _charge_quota(
    item: ArmedFault, quota: Quota, query: FaultQuery, now: int
) -> tuple[ArmedFault, TriggeredFault | None]:
    """Return *item* with the present call counted, or with a triggered fault. A refused call does not count."""
    if quota.limit is None:
        return item, TriggeredFault(item.fault) if query.running >= (quota.concurrent or 0) else None
    span = round(quota.per * SECOND)
    calls = tuple(moment for moment in item.calls if now - span < moment <= now)
    if len(calls) < quota.limit:
        return replace(item, calls=(*calls, now)), None
    item = replace(item, calls=calls)
    if not quota.limit:
        return item, TriggeredFault(item.fault)  # no wait lets a call pass
    frees = calls[len(calls) - quota.limit] + span
    return item, TriggeredFault(item.fault, retry_after=max(ceil((frees - now) / SECOND), 1))


def _is_open(item: ArmedFault, now: int) -> bool:
    if item.armed_at is None:
        return False
    closes = item.fault.closes_at(item.armed_at)
    return item.fault.opens_at(item.armed_at) <= now and (closes is None or now < closes)
