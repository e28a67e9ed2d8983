"""Tests counting tokens, and cutting text by tokens."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedmodels_mockserver.core.text import tokens

TEXTS = st.text() | st.text("ab １1_,.六ア\n\té", max_size=60)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("100", ["1", "0", "0"]),  # observed: 3 tokens, mid-2024
        ("101", ["1", "0", "1"]),  # observed: 3 tokens, mid-2024
        ("twenty two", ["twenty", " two"]),
        ("tokenizer", ["tokeni", "zer"]),
        ("Hello, world!", ["Hello", ",", " world", "!"]),
        ("九十九", ["九", "十", "九"]),
        ("ひらカタ한글々〇", list("ひらカタ한글々〇")),
        ("snake_case", ["snake", "_", "case"]),
        ("a\n\nb", ["a", "\n\n", "b"]),
        ("naïve été", ["naïve", " été"]),
        ("1 ", ["1", " "]),
        ("a 5", ["a", " ", "5"]),
        ("Write a 500 word", ["Write", " a", " ", "5", "0", "0", " word"]),
    ],
)
def test_pieces(text: str, pieces: list[str]) -> None:
    """Digits, signs and CJK characters count one each, words one for each six letters."""
    assert tokens.count(text) == len(pieces)
    for limit in range(len(pieces) + 1):
        assert tokens.head(text, limit) == "".join(pieces[:limit])


@given(TEXTS)
def test_tokens_are_the_text(text: str) -> None:
    """All the tokens together are the text, each of at least one character."""
    total = tokens.count(text)
    heads = [tokens.head(text, limit) for limit in range(total + 1)]

    assert heads[0] == ""
    assert heads[-1] == text
    assert all(len(shorter) < len(longer) for shorter, longer in pairwise(heads))


@given(TEXTS, st.integers(-2, 80))
def test_head_is_within_its_limit(text: str, limit: int) -> None:
    """The head of a text is a prefix of it with no more tokens than asked for, and no fewer than it could."""
    head = tokens.head(text, limit)

    assert text.startswith(head)
    assert tokens.count(head) == min(max(limit, 0), tokens.count(text))


@pytest.mark.parametrize("unit", [" ", "a", "\n ", " \t", "六", "1", "_", "\u0301"])
def test_time_is_linear(unit: str) -> None:
    """A megabyte of anything is counted at once; quadratic time would take minutes."""
    start = time.perf_counter()
    tokens.count(unit * 1_000_000)

    assert time.perf_counter() - start < 5
