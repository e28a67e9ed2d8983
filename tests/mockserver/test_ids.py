"""Ids, held to names that the service was seen to make."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedmodels_mockserver.core.ids import MAX_ID, model_id, operation_id, permission_id, slug


@pytest.mark.parametrize(
    ("display_name", "expected"),
    [
        ("test_number_generator", "testnumbergenerator"),
        ("generate-num-8563", "generatenum8563"),
        ("Ciències Bàsiques", "cincies-bsiques"),
        ("liveqa-med-gemini-lintang-batch16", "liveqamedgeminilintangbatch16"),
        ("Number Generator 100", "number-generator-100"),
        ("number generator model", "number-generator-model"),
        ("日本語", ""),
    ],
)
def test_slugs_are_those_of_recorded_names(display_name: str, expected: str) -> None:
    """Lower case, spaces to dashes, everything else dropped, dashes and underscores included."""
    assert slug(display_name) == expected


@pytest.mark.parametrize(
    ("display_name", "length"),
    [
        ("number generator model", len("number-generator-model-dzlmi0gswwqb")),
        ("Saloon Next Number Generator Test", 40),
        ("a" * 40, 40),
        ("日本語", 12),
    ],
)
def test_ids_have_the_length_of_recorded_ones(display_name: str, length: int) -> None:
    """A slug is followed by twelve random characters, fewer where the id would pass forty."""
    assert len(model_id(display_name, 1, 1)) == length


@given(st.text(max_size=40), st.integers(0, 2**64 - 1), st.integers(1, 10**6))
def test_every_made_id_fits(display_name: str, seed: int, draw: int) -> None:
    """Whatever the display name, an id has at most 40 characters of ``[a-z0-9-]`` and ends with a random part."""
    made = model_id(display_name, seed, draw)

    assert len(made) <= MAX_ID
    assert re.fullmatch(r"(-?[a-z0-9-]*-)?[a-z0-9]{6,12}", made)


def test_a_seed_repeats_ids_and_a_draw_changes_them() -> None:
    """The same seed and draw give the same ids; another draw or seed gives others."""
    assert model_id("a", 1, 1) == model_id("a", 1, 1)
    assert len({model_id("a", seed, draw) for seed in range(3) for draw in range(3)}) == 9
    assert re.fullmatch(r"[a-z0-9]{12}", operation_id(1, 1))
    assert operation_id(1, 1) != operation_id(1, 2)


def test_an_account_keeps_its_number() -> None:
    """A permission's id is 21 digits, the same for an address in any case, another for another address."""
    assert re.fullmatch(r"1\d{20}", permission_id("alice@example.com"))
    assert permission_id("Alice@Example.com") == permission_id("alice@example.com")
    assert permission_id("bob@example.com") != permission_id("alice@example.com")
