"""The forms of contents that a caller can pass."""

from __future__ import annotations

from typing import Any

import pytest

from tunedmodels import Content, Part
from tunedmodels._resources.contents import contents

ONE = Content(role="user", parts=(Part(text="LXIII"),))
TWO = Content(role="model", parts=(Part(text="LXIV"),))


@pytest.mark.parametrize(
    ("value", "turns"),
    [
        pytest.param("LXIII", (ONE,), id="text"),
        pytest.param("", (Content(role="user", parts=(Part(text=""),)),), id="empty text"),
        pytest.param(ONE, (ONE,), id="content"),
        pytest.param([ONE, TWO], (ONE, TWO), id="list"),
        pytest.param((turn for turn in (ONE, TWO)), (ONE, TWO), id="generator"),
        pytest.param([], (), id="nothing"),
        pytest.param({"role": "user", "parts": [{"text": "LXIII"}]}, (ONE,), id="dict"),
        pytest.param({"role": "user", "parts": ["LXIII"]}, (ONE,), id="dict with texts"),
        pytest.param({"role": "user", "parts": "LXIII"}, (ONE,), id="dict with a text"),
        pytest.param([{"role": "user", "parts": [ONE.parts[0]]}, TWO], (ONE, TWO), id="list of dicts"),
    ],
)
def test_forms(value: Any, turns: tuple[Content, ...]) -> None:
    """A text is one turn of the user; a Content is unchanged, and a dict becomes one."""
    assert contents(value) == turns


def test_empty_text_is_sent() -> None:
    """An empty text is a part with an empty text."""
    assert contents("")[0].to_json() == {"parts": [{"text": ""}], "role": "user"}


@pytest.mark.parametrize("value", [["LXIII"], [ONE, 5], [None]], ids=repr)
def test_turn_that_is_not_a_content(value: Any) -> None:
    """The error for a wrong item of a list names its index."""
    with pytest.raises(
        TypeError, match=rf"^contents\[{len(value) - 1}\] must be a Content( or a dict of its members)?, got "
    ):
        contents(value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"rôle": "user"}, "contents: Content has no member 'rôle'; the nearest is 'role'"),
        (
            [ONE, {"parts": [{"txt": "7"}]}],
            r"contents\[1\]\.parts\[0\]: Part has no member 'txt'; the nearest is 'text'",
        ),
        ({"parts": 5}, r"contents\.parts: 5 is not an array"),
        ({"parts": [5]}, r"contents\.parts\[0\]: must be a Part or a dict of its members, got 5"),
    ],
)
def test_dict_that_is_no_content(value: Any, message: str) -> None:
    """The error names the path of the wrong member."""
    with pytest.raises(ValueError, match=f"^{message}"):
        contents(value)


def test_no_contents_at_all() -> None:
    """A value that cannot be iterated is a TypeError."""
    with pytest.raises(TypeError):
        contents(5)  # type: ignore[arg-type]  # the mistake that is tested
