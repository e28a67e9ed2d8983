"""Tests ids against observed names of the service."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedmodels_mockserver.core.methods.ids import GIVEN_ID, MAX_ID, model_id, operation_id, permission_id, slug


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
    """Twelve random characters follow a slug, or fewer if the id would have more than forty."""
    assert len(model_id(display_name, 1, 1)) == length


@given(st.text(max_size=40), st.integers(0, 2**64 - 1), st.integers(1, 10**6))
def test_every_generated_id_is_valid(display_name: str, seed: int, draw: int) -> None:
    """For any display name, an id is one that a caller could request, and ends with a random part."""
    name = model_id(display_name, seed, draw)

    assert len(name) <= MAX_ID
    assert GIVEN_ID.fullmatch(name)
    assert re.search(r"(^|-)[a-z0-9]{6,12}$", name)


@pytest.mark.parametrize(
    ("display_name", "pattern"),
    [
        ("七 test", "test-[a-z0-9]{12}"),
        ("9 lives", "lives-[a-z0-9]{12}"),
        ("2024-03 a1", "a1-[a-z0-9]{12}"),
        (" x", "x-[a-z0-9]{12}"),
        (" ", "m[a-z0-9]{11}"),
        ("日本", "m[a-z0-9]{11}"),
        ("2024", "m[a-z0-9]{11}"),
    ],
)
def test_ids_begin_with_a_letter(display_name: str, pattern: str) -> None:
    """Characters before the first letter are dropped; without a letter, one is added."""
    for seed in range(50):
        assert re.fullmatch(pattern, model_id(display_name, seed, 1))


def test_a_seed_repeats_ids_and_a_draw_changes_them() -> None:
    """The same seed and draw give the same ids; another draw or seed gives others."""
    assert model_id("a", 1, 1) == model_id("a", 1, 1)
    assert len({model_id("a", seed, draw) for seed in range(3) for draw in range(3)}) == 9
    assert re.fullmatch(r"[a-z0-9]{12}", operation_id(1, 1))
    assert operation_id(1, 1) != operation_id(1, 2)


def test_address_always_has_the_same_number() -> None:
    """A permission's id has 21 digits, the same for an address in any case, and differs between addresses."""
    assert re.fullmatch(r"1\d{20}", permission_id("alice@example.com"))
    assert permission_id("Alice@Example.com") == permission_id("alice@example.com")
    assert permission_id("bob@example.com") != permission_id("alice@example.com")
