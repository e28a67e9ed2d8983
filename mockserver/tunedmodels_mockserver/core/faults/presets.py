"""Defines the presets, which are sets of faults with a name, and reads faults from plain values.

A test does not fail if a fault of a preset never fires.
"""

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
_GENERATES = "*enerateContent"  # single calls, streams and batches share one quota, as the service counts them

PRESETS: Mapping[str, tuple[Fault, ...]] = {
    # A free account had fifteen a minute in 2025. The limit of one run at a time is invented.
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
    """Return the faults of the preset called *name*. Raises BadInput for an unknown name, and names the nearest."""
    if name not in PRESETS:
        raise BadInput(
            f"There is no preset {name!r}{nearest(name, list(PRESETS))}. Known presets are {', '.join(PRESETS)}."
        )
    return PRESETS[name]


class PresetReference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reference to all faults of one preset, by its name."""

    preset: str


def read_faults(value: Any) -> tuple[Fault, ...]:
    """Return the faults in a plain *value*: one fault, ``{"preset": name}``, or a list of these.

    Raises BadInput for an invalid fault or preset, with its place in the list.
    """
    if not isinstance(value, list):
        return _read(value)
    groups = (_read(item, f"Fault {number} of the list: ") for number, item in enumerate(value, start=1))
    return tuple(fault for faults in groups for fault in faults)


def _read(value: Any, place: str = "") -> tuple[Fault, ...]:
    try:
        if isinstance(value, dict) and "preset" in value:
            return preset(convert(value, PresetReference).preset)
        return (convert(value, Fault),)
    except BadInput as error:
        raise BadInput(f"{place}{error}") from None
