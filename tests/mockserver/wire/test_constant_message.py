"""Messages that never change: their text is written once for each form, and kept up to a limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tunedmodels_mockserver.wire.constant_message import ConstantMessage, ConstantTexts
from tunedmodels_mockserver.wire.protojson.writing import COMPACT, PRETTY, Layout, write
from tunedmodels_mockserver.wire.surface import surface_of

SURFACE = surface_of("v1beta")
MODEL = SURFACE.message("TunedModel")
VALUE = {"name": "tunedModels/x", "display_name": "a model", "temperature": 0.5}


class Owner:
    """What a message belongs to; all owners are equal."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Owner)

    def __hash__(self) -> int:
        return 1


def test_a_constant_message_is_the_mapping_that_it_makes() -> None:
    calls: list[int] = []

    def make() -> Mapping[str, Any]:
        calls.append(1)
        return VALUE

    message = ConstantMessage(Owner(), make)
    assert calls == []
    assert dict(message) == VALUE
    assert {**message, "name": "y"} == {**VALUE, "name": "y"}
    assert calls == [1]


@pytest.mark.parametrize("layout", [PRETTY, COMPACT])
def test_its_text_is_that_of_its_value(layout: Layout) -> None:
    """Each layout has its own text, also inside another message."""
    message = ConstantMessage(Owner(), lambda: VALUE)
    for _ in range(2):
        assert write(MODEL, message, SURFACE, layout) == write(MODEL, VALUE, SURFACE, layout)
    page = SURFACE.message("ListTunedModelsResponse")
    assert write(page, {"tuned_models": [message]}, SURFACE, layout) == write(
        page, {"tuned_models": [VALUE]}, SURFACE, layout
    )


def test_its_text_is_written_once_for_each_owner() -> None:
    """Owners are compared by identity, so an equal owner has a text of its own."""
    texts = ConstantTexts()
    written: list[Mapping[str, Any]] = []

    def write_name(value: Mapping[str, Any]) -> str:
        written.append(value)
        return str(value["name"])

    first, second = Owner(), Owner()
    for owner, name in ((first, "a"), (second, "b")) * 2:
        message = ConstantMessage(owner, lambda name=name: {"name": name})  # type: ignore[misc]
        assert texts.text(message, write_name) == name
    assert len(written) == 2


def test_the_oldest_texts_go_when_there_are_too_many() -> None:
    texts = ConstantTexts(size=100_000)
    owners = [Owner() for _ in range(200)]
    written: list[int] = []

    def ask(place: int) -> None:
        def write_text(_value: Mapping[str, Any]) -> str:
            written.append(place)
            return "x" * 1000

        texts.text(ConstantMessage(owners[place], dict), writers.setdefault(place, write_text))

    writers: dict[int, Any] = {}
    for place in range(200):
        ask(place)
    written.clear()
    ask(199)
    ask(0)
    assert written == [0]


def test_a_text_larger_than_the_limit_is_not_kept() -> None:
    texts = ConstantTexts(size=1000)
    message = ConstantMessage(Owner(), dict)
    written: list[int] = []

    def write_text(_value: Mapping[str, Any]) -> str:
        written.append(1)
        return "x" * 2_000_000

    assert texts.text(message, write_text) == texts.text(message, write_text)
    assert written == [1, 1]
