"""Mutants of times: how they are written, and what they tell of each other."""

from __future__ import annotations

import re
from collections.abc import Callable

from .. import predicates
from ..mutant import Send, Shelf, Spoiler
from ..predicates import Json
from ..request import Ask
from ..response import Reply

SHELF = Shelf("times")

_TIME = re.compile(r'"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?Z"')


def _written(reply: Reply, how: str | Callable[[re.Match[str]], str]) -> None:
    if reply.status == 200:
        reply.text = _TIME.sub(how, reply.text)


@SHELF.answer
def times_in_local_form(reply: Reply) -> None:
    """A time is written as people do, without a zone: 2024-03-14 15:09:26."""
    _written(reply, r'"\1 \2"')


@SHELF.answer
def times_with_an_offset(reply: Reply) -> None:
    """A time ends with +00:00 in place of Z, as Python writes it."""
    _written(reply, r'"\1T\2\3+00:00"')


@SHELF.answer
def times_in_milliseconds(reply: Reply) -> None:
    """A time has three digits after the point, as JavaScript writes it."""
    _written(reply, lambda found: f'"{found[1]}T{found[2]}{(found[3] or ".")[:4].ljust(4, "0")}Z"')


@SHELF.answer
def times_in_seconds(reply: Reply) -> None:
    """A time has whole seconds alone."""
    _written(reply, r'"\1T\2Z"')


@SHELF.answer
def update_time_stands_still(reply: Reply) -> None:
    """A model's update time is its create time, whatever has happened since."""
    reply.change(lambda value: value.update(updateTime=value["createTime"]) if _dated(value) else None)


@SHELF.answer
def update_time_is_of_the_next_year(reply: Reply) -> None:
    """A model was updated after it was created, from the beginning, and after its last step."""
    reply.change(lambda value: value.update(updateTime=_later(value["updateTime"])) if _dated(value) else None)


@SHELF.memory
def any_patch_is_an_update() -> Spoiler:
    """A new description moves the update time on."""
    patched: set[str] = set()

    def spoil(ask: Ask, send: Send) -> Reply:
        reply = send(ask)
        if ask.is_("PATCH tunedModels/*") and reply.status == 200:
            patched.add(ask.model)
        reply.change(
            lambda value: (
                value.update(updateTime=_later(value["updateTime"]))
                if _dated(value) and value["name"] in patched
                else None
            )
        )
        return reply

    return spoil


@SHELF.answer
def ended_before_it_began(reply: Reply) -> None:
    """The time when a run was complete is before the time when it started."""

    def swap(value: Json) -> None:
        if {"startTime", "completeTime"} <= set(value):
            value["startTime"], value["completeTime"] = value["completeTime"], value["startTime"]

    reply.change(swap)


def _dated(value: Json) -> bool:
    return predicates.model(value) and {"createTime", "updateTime"} <= set(value)


def _later(time: str) -> str:
    return f"{int(time[:4]) + 1}{time[4:]}"
