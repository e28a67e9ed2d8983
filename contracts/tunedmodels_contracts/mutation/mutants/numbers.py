"""Mutants of numbers: how wide they are, and how they are written."""

from __future__ import annotations

import struct
from typing import Any

from .. import predicates
from ..mutant import Shelf
from ..predicates import Json
from ..response import Reply

SHELF = Shelf("numbers")

_FLOATS = ("meanLoss", "completedPercent", "temperature", "topP", "learningRate")


def _each_float(value: Json, how: Any) -> None:
    for name in _FLOATS:
        if isinstance(value.get(name), (int, float)):
            value[name] = how(float(value[name]))


@SHELF.answer
def floats_of_64_bits(reply: Reply) -> None:
    """A float is kept in 32 bits, and written with the digits of 64: 0.10000000149011612."""
    reply.change(lambda value: _each_float(value, lambda number: struct.unpack("<f", struct.pack("<f", number))[0]))


@SHELF.answer
def whole_floats_with_a_point(reply: Reply) -> None:
    """A float that is whole is written with a point: 100.0."""
    reply.change(lambda value: _each_float(value, float))


@SHELF.answer
def floats_as_texts(reply: Reply) -> None:
    """Losses are texts."""
    reply.change(lambda value: value.update(meanLoss=str(value["meanLoss"])) if predicates.snapshot(value) else None)


@SHELF.answer
def wide_integers_as_numbers(reply: Reply) -> None:
    """An integer of 64 bits is a number, not a text."""

    def write(value: Json) -> None:
        if "readerProjectNumbers" in value:
            value["readerProjectNumbers"] = [int(number) for number in value["readerProjectNumbers"]]

    reply.change(write)


@SHELF.answer
def integers_as_texts(reply: Reply) -> None:
    """An integer of 32 bits is a text, as only those of 64 are."""
    names = ("totalSteps", "completedSteps", "step", "epoch", "epochCount", "batchSize")
    reply.change(lambda value: value.update({name: str(value[name]) for name in names if name in value}))
