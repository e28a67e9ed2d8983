"""Presets: faults that belong together, under a name. None of them has to fire for a test to pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ..effects import Error, Latency
from ..runs.losses import Shape
from ..runs.script import Event, Run
from ..strict_input import BadInput, convert, nearest
from .fault import Fault, Quota

HOUR = 3600.0  # seconds
_GENERATES = "*enerateContent"  # whole, as a stream and in batches: one quota for all, as the service counts

PRESETS: Mapping[str, tuple[Fault, ...]] = {
    # Fifteen a minute is what a free account had in 2025; the limit of one run at a time is invented.
    "quota": (
        Fault(id="quota-requests", method=_GENERATES, quota=Quota(limit=15, per=60.0), required=False),
        Fault(id="quota-runs", quota=Quota(concurrent=1), required=False),
    ),
    "flaky": (
        Fault(id="flaky-503", error=Error("UNAVAILABLE"), times=None, probability=0.1, required=False),
        Fault(id="flaky-500", error=Error("INTERNAL"), times=None, probability=0.05, required=False),
        Fault(id="flaky-reset", reset=True, times=None, probability=0.05, required=False),
        Fault(id="flaky-latency", latency=Latency(0.0, 0.2), times=None, probability=0.2, required=False),
    ),
    "overloaded": (Fault(id="overloaded", method=_GENERATES, error=Error("UNAVAILABLE"), times=None, required=False),),
    "expired-token": (Fault(id="expired-token", expired_token=True, required=False),),
    "slow-queue": (Fault(id="slow-queue", run=Run(script=(Event(step=0, stall=HOUR),)), times=None, required=False),),
    "diverges": (Fault(id="diverges", run=Run(shape=Shape.DIVERGE), times=None, required=False),),
    "withdrawn": (Fault(id="withdrawn", withdrawn=True, required=False),),
    "pedantic-client": (Fault(id="pedantic-client", pedantic=True, required=False),),
}


def preset(name: str) -> tuple[Fault, ...]:
    """Return the faults of the preset called *name*. Raises BadInput for an unknown one, with the nearest name."""
    if name not in PRESETS:
        raise BadInput(f"There is no preset {name!r}{nearest(name, list(PRESETS))}. There are {', '.join(PRESETS)}.")
    return PRESETS[name]


class Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All faults of the preset of this name."""

    preset: str


def read_faults(value: Any) -> tuple[Fault, ...]:
    """Return the faults that a plain *value* asks for: one, ``{"preset": name}``, or a list of these.

    Raises BadInput for what is none, with its place in the list.
    """
    if not isinstance(value, list):
        return _read(value)
    read = (_read(item, f"Fault {number} of the list: ") for number, item in enumerate(value, start=1))
    return tuple(fault for faults in read for fault in faults)


def _read(value: Any, place: str = "") -> tuple[Fault, ...]:
    try:
        if isinstance(value, dict) and "preset" in value:
            return preset(convert(value, Named).preset)
        return (convert(value, Fault),)
    except BadInput as error:
        raise BadInput(f"{place}{error}") from None
