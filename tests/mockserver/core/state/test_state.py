"""Tests that state files read back, and that invalid files are refused with the place."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tunedmodels_mockserver import ManualClock
from tunedmodels_mockserver.core.state import file as state_file
from tunedmodels_mockserver.core.state.store import State
from tunedmodels_mockserver.core.strict_input import BadInput

Create = Callable[[FlaskClient], str]
Document = dict[str, Any]


@pytest.fixture
def state(app: Flask, http: FlaskClient, create: Create, clock: ManualClock) -> State:
    """Return the state of a world with two running models and a permission for everyone."""
    first = create(http)
    create(http)
    clock.advance(5)
    http.post(f"/v1beta/{first}/permissions", json={"granteeType": "EVERYONE", "role": "READER"})
    world = app.extensions["tunedmodels"].get("")
    snapshot: State = world.store.state().snapshot(world.machine())
    return snapshot


@pytest.fixture
def document(state: State) -> Document:
    plain: Document = json.loads(state_file.write({"": state}))
    return plain


def models(document: Document) -> list[Document]:
    rows: list[Document] = document["worlds"][""]["models"]
    return rows


def test_state_reads_back(state: State) -> None:
    """Records, draws, controls and examples are equal, and the examples are written once."""
    data = state_file.write({"": state, "w1": state})
    contents = state_file.read(data)

    assert list(contents) == ["", "w1"]
    for content in contents.values():
        assert list(content.base.models()) == list(state.base.models())
        assert content.base.draws == state.base.draws == 2
        assert content.controls == state.controls
        assert [record.examples.pairs for record in content.base.models()] == [
            record.examples.pairs for record in state.base.models()
        ]
    assert len(json.loads(data)["examples"]) == 1
    assert state_file.write({"": state, "w1": state}) == data


def change(path: str, value: Any) -> Callable[[Document], None]:
    """Set the member at *path*, in which numbers are places of a list."""

    def set_member(document: Document) -> None:
        *parents, last = [int(part) if part.isdecimal() else part for part in path.split("/")]
        inner: Any = document
        for part in parents:
            inner = inner[part]
        inner[last] = value

    return set_member


MODEL = "worlds//models/0"


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (change("format", "another-user's"), 'The member format is "another-user\'s"; in a state file'),
        (lambda document: document.pop("format"), "The member format is None; in a state file"),
        (
            change("version", 3),
            "version 3 of the format; this server reads version 2. Read the file with the newer mock",
        ),
        (change("version", 1), "version 1 of the format; this server reads version 2. Write a new file"),
        (change("worlds", {}), "The file has no world."),
        (change("world", {}), "unknown field `world`"),
        (change(f"{MODEL}/displayname", "x"), "no member 'displayname' at `$.worlds..models[0]`; the nearest is disp"),
        (change(f"{MODEL}/plan/curve/rate", 1), "There is no member 'rate' at `$.worlds..models[0].plan.curve`"),
        (change(f"{MODEL}/sequence", "1"), "Expected `int`, got `str` - at `$.worlds[...].models[0].sequence`"),
        (
            change(f"{MODEL}/sequence", 3),
            "The sequence 3 is a duplicate, or not from 1 to 2, at `$.worlds[''].models[0]`",
        ),
        (
            change(f"{MODEL}/sequence", 2),
            "The sequence 2 is a duplicate, or not from 1 to 2, at `$.worlds[''].models[1]`",
        ),
        (change(f"{MODEL}/id", ""), "The id '' is empty or a duplicate, at `$.worlds[''].models[0]`"),
        (change(f"{MODEL}/examples", "ff"), "there are no examples 'ff' in the file"),
        (change(f"{MODEL}/permissions", []), "There must be exactly one permission with the role 1, the owner's"),
        (change(f"{MODEL}/plan/total_steps", 0), "The steps, examples, batch size and learning rate of a run must"),
        (change(f"{MODEL}/plan/created", -1), "A run must be created in 1970 to 2255"),
        (change("worlds//controls/pace/tuning_time", -1), "tuning_time must be a number of seconds from 0"),
        (change("worlds//controls/clock/mode", "lunar"), "Invalid enum value 'lunar'"),
        (change("examples", [1]), "Expected `object`, got `array`"),
    ],
)
def test_invalid_file_is_refused(document: Document, damage: Callable[[Document], None], sentence: str) -> None:
    """The sentence names the place and the value."""
    damage(document)

    with pytest.raises(BadInput) as refusal:
        state_file.read(json.dumps(document).encode())
    assert sentence in str(refusal.value)
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize("part", [0.0, 0.01, 0.5, 0.99])
def test_truncated_file_is_refused(document: Document, part: float) -> None:
    """The place of the cut does not matter."""
    data = json.dumps(document).encode()

    with pytest.raises(BadInput, match=r"^The file is not JSON, or it is cut off: Input data was truncated\. "):
        state_file.read(data[: int(len(data) * part)])


@pytest.mark.parametrize("data", [b"\x00\xff", b"[]", b"null", b"PK\x03\x04", b'{"a": ' * 100_000])
def test_other_files_are_refused(data: bytes) -> None:
    """Any other content is refused, too."""
    with pytest.raises(BadInput):
        state_file.read(data)
