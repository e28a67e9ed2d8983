"""Mutants of times: how they are written, and what they tell of each other."""

from __future__ import annotations

import re
from collections.abc import Callable

from .. import predicates
from ..mutant import Handler, MutantGroup, Send
from ..predicates import Json
from ..request import MutantRequest
from ..response import MutantResponse

GROUP = MutantGroup("times")

_TIME = re.compile(r'"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?Z"')


def _edit_times(response: MutantResponse, edit: str | Callable[[re.Match[str]], str]) -> None:
    if response.status == 200:
        response.text = _TIME.sub(edit, response.text)


@GROUP.response
def times_in_local_form(response: MutantResponse) -> None:
    """A time is written as people do, without a zone: 2024-03-14 15:09:26."""
    _edit_times(response, r'"\1 \2"')


@GROUP.response
def times_with_an_offset(response: MutantResponse) -> None:
    """A time ends with +00:00 in place of Z, as Python writes it."""
    _edit_times(response, r'"\1T\2\3+00:00"')


@GROUP.response
def times_in_milliseconds(response: MutantResponse) -> None:
    """A time has three digits after the point, as JavaScript writes it."""
    _edit_times(response, lambda found: f'"{found[1]}T{found[2]}{(found[3] or ".")[:4].ljust(4, "0")}Z"')


@GROUP.response
def times_in_seconds(response: MutantResponse) -> None:
    """A time has whole seconds alone."""
    _edit_times(response, r'"\1T\2Z"')


@GROUP.response
def update_time_stands_still(response: MutantResponse) -> None:
    """A model's update time is its create time, whatever has happened since."""
    response.change_objects(lambda value: value.update(updateTime=value["createTime"]) if _has_times(value) else None)


@GROUP.response
def update_time_is_of_the_next_year(response: MutantResponse) -> None:
    """A model was updated after it was created, from the beginning, and after its last step."""
    response.change_objects(
        lambda value: value.update(updateTime=_one_year_later(value["updateTime"])) if _has_times(value) else None
    )


@GROUP.stateful
def any_patch_is_an_update() -> Handler:
    """A new description moves the update time on."""
    patched: set[str] = set()

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        response = send(request)
        if request.matches("PATCH tunedModels/*") and response.status == 200:
            patched.add(request.model)
        response.change_objects(
            lambda value: (
                value.update(updateTime=_one_year_later(value["updateTime"]))
                if _has_times(value) and value["name"] in patched
                else None
            )
        )
        return response

    return handle


@GROUP.response
def ended_before_it_began(response: MutantResponse) -> None:
    """The time when a run was complete is before the time when it started."""

    def swap(value: Json) -> None:
        if {"startTime", "completeTime"} <= set(value):
            value["startTime"], value["completeTime"] = value["completeTime"], value["startTime"]

    response.change_objects(swap)


def _has_times(value: Json) -> bool:
    return predicates.is_model(value) and {"createTime", "updateTime"} <= set(value)


def _one_year_later(time: str) -> str:
    return f"{int(time[:4]) + 1}{time[4:]}"
