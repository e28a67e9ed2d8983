"""Open enums have listed values, and accept those of a newer service."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

import tunedmodels
from tunedmodels import OpenEnum, TunedModelState

PUBLIC = [getattr(tunedmodels, name) for name in tunedmodels.__all__]
KINDS = [value for value in PUBLIC if isinstance(value, type) and issubclass(value, OpenEnum) and value is not OpenEnum]


@pytest.mark.parametrize("kind", KINDS)
def test_listed_values_are_their_names(kind: type[OpenEnum]) -> None:
    """A member is the string of its name, and the first member is unspecified."""
    assert [member.value for member in kind] == list(kind.__members__)
    assert all(member == name == str(member) and member.is_known for name, member in kind.__members__.items())
    assert next(iter(kind)).value.endswith("_UNSPECIFIED")


def test_member_is_a_string() -> None:
    """A member compares, hashes, formats and is written to JSON as its string."""
    active = TunedModelState("ACTIVE")

    assert active is TunedModelState.ACTIVE
    assert active == "ACTIVE"
    assert {"ACTIVE": 1}[active] == 1
    assert f"{active:>8}|{active}" == "  ACTIVE|ACTIVE"
    assert json.dumps(active) == '"ACTIVE"'
    assert repr(active) == "TunedModelState.ACTIVE"


@pytest.mark.parametrize(("value", "name"), [("PAUSED", "PAUSED"), (7, "7"), (-1, "-1"), ("mro", "mro")], ids=repr)
def test_value_that_is_not_listed(value: Any, name: str) -> None:
    """A new name or a number is a member that is not known."""
    state = TunedModelState(value)

    assert isinstance(state, TunedModelState)
    assert not state.is_known
    assert (state.value, state.name, str(state)) == (value, name, name)
    assert state == name
    assert state == TunedModelState(value)
    assert hash(state) == hash(TunedModelState(value))
    assert state not in list(TunedModelState)
    assert repr(state) == f"TunedModelState({value!r})"


@pytest.mark.parametrize("value", ["ACTIVE", "PAUSED", 7], ids=repr)
@pytest.mark.parametrize("protocol", [0, 2, pickle.HIGHEST_PROTOCOL])
def test_copies_are_the_same(value: Any, protocol: int) -> None:
    """Known and unknown members are the same after pickling and copying."""
    state = TunedModelState(value)
    pickled = pickle.loads(pickle.dumps(state, protocol))

    assert (pickled, pickled.value, pickled.is_known) == (state, value, state.is_known)
    assert copy.copy(state) is copy.deepcopy(state) is state


@pytest.mark.parametrize("value", ["", None, True, 1.5, [], {}], ids=repr)
def test_invalid_value(value: Any) -> None:
    """An empty string and a value of another type are not members; the error names the enum."""
    with pytest.raises(ValueError, match=r"is not a TunedModelState$"):
        TunedModelState(value)
