"""Answers of the service as messages."""

from __future__ import annotations

from typing import Any

import pytest

from tunedmodels import TransportError, TunedModel
from tunedmodels._resources import response_messages


def test_message() -> None:
    """A JSON object is read as the message."""
    assert response_messages.message(TunedModel, {"name": "tunedModels/m"}) == TunedModel(name="tunedModels/m")


@pytest.mark.parametrize("value", [None, [], {"name": 5}], ids=repr)
def test_answer_in_another_form(value: Any) -> None:
    """An answer in another form is a TransportError that names the message; its cause says what is wrong."""
    with pytest.raises(TransportError, match="something that is not a TunedModel: ") as caught:
        response_messages.message(TunedModel, value)

    assert isinstance(caught.value.__cause__, ValueError)


def test_messages() -> None:
    """The list of a page is read as messages; a page without it has none."""
    page = {"tunedModels": [{"name": "tunedModels/a"}, {}]}

    assert response_messages.messages(TunedModel, page, "tunedModels") == (
        TunedModel(name="tunedModels/a"),
        TunedModel(),
    )
    assert response_messages.messages(TunedModel, {}, "tunedModels") == ()
    assert response_messages.messages(TunedModel, {"tunedModels": None}, "tunedModels") == ()


@pytest.mark.parametrize(
    ("page", "match"),
    [
        ({"tunedModels": {"name": "m"}}, "whose tunedModels is not a list"),
        ({"tunedModels": "m"}, "whose tunedModels is not a list"),
        ({"tunedModels": ["m"]}, "not a TunedModel: 'm' is not an object"),
    ],
    ids=["an object", "a text", "a list of texts"],
)
def test_page_in_another_form(page: dict[str, Any], match: str) -> None:
    """A list that is none is a TransportError."""
    with pytest.raises(TransportError, match=match):
        response_messages.messages(TunedModel, page, "tunedModels")
