"""Mutants of numbers: how wide they are, and how they are written."""

from __future__ import annotations

import struct
from typing import Any

from .. import predicates
from ..mutant import MutantGroup
from ..predicates import Json
from ..response import MutantResponse

GROUP = MutantGroup("numbers")

_FLOATS = ("meanLoss", "completedPercent", "temperature", "topP", "learningRate")


def _edit_floats(value: Json, edit: Any) -> None:
    for name in _FLOATS:
        if isinstance(value.get(name), (int, float)):
            value[name] = edit(float(value[name]))


@GROUP.response
def floats_of_64_bits(response: MutantResponse) -> None:
    """A float is kept in 32 bits, and written with the digits of 64: 0.10000000149011612."""
    response.change_objects(
        lambda value: _edit_floats(value, lambda number: struct.unpack("<f", struct.pack("<f", number))[0])
    )


@GROUP.response
def whole_floats_with_a_point(response: MutantResponse) -> None:
    """A float that is whole is written with a point: 100.0."""
    response.change_objects(lambda value: _edit_floats(value, float))


@GROUP.response
def floats_as_texts(response: MutantResponse) -> None:
    """Losses are texts."""
    response.change_objects(
        lambda value: value.update(meanLoss=str(value["meanLoss"])) if predicates.is_snapshot(value) else None
    )


@GROUP.response
def wide_integers_as_numbers(response: MutantResponse) -> None:
    """An integer of 64 bits is a number, not a text."""

    def write(value: Json) -> None:
        if "readerProjectNumbers" in value:
            value["readerProjectNumbers"] = [int(number) for number in value["readerProjectNumbers"]]

    response.change_objects(write)


@GROUP.response
def integers_as_texts(response: MutantResponse) -> None:
    """An integer of 32 bits is a text, as only those of 64 are."""
    names = ("totalSteps", "completedSteps", "step", "epoch", "epochCount", "batchSize")
    response.change_objects(lambda value: value.update({name: str(value[name]) for name in names if name in value}))
