"""Tests the sources of canned answers."""

from __future__ import annotations

import pytest

from tunedmodels_mockserver.core.methods import reply as canned
from tunedmodels_mockserver.core.methods.reply import FALLBACK
from tunedmodels_mockserver.core.state.records import MAX_CHECKED_EXAMPLES, Examples

NUMBERS = Examples((("1", "2"), ("twenty two", "twenty three"), ("XL", "XLI"), ("九", "十")))
COLOURS = Examples((("sky", "blue"), (" grass ", "green"), ("sky", "grey"), ("1", "one")))


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("sky", "blue"),
        (" sky\n", "blue"),
        (" grass ", "green"),
        ("grass", FALLBACK),
        ("Sky", FALLBACK),
        ("1", "one"),
        ("2", FALLBACK),
        ("", FALLBACK),
    ],
)
def test_example_answers_its_input(prompt: str, answer: str) -> None:
    """The first example with exactly this text counts, then one without the white space around it."""
    assert canned.fallback_answer(COLOURS, prompt) == answer


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("5", "6"),
        ("LXIII", "LXIV"),
        ("六", "七"),
        ("ninety nine", "one hundred"),
        ("9,999", "10,000"),
        ("1 ", "2"),
        ("IIII", FALLBACK),
        ("five apples", FALLBACK),
        ("", FALLBACK),
    ],
)
def test_counting_model_answers_the_successor(prompt: str, answer: str) -> None:
    """If every example is a number with its successor, each number is answered with the next."""
    assert canned.fallback_answer(NUMBERS, prompt) == answer


def test_example_wins_over_counting() -> None:
    """A model that counts answers its own examples unchanged, case included."""
    shouting = Examples((("one", "two"), ("Three", "Four")))

    assert canned.fallback_answer(shouting, "Three") == "Four"
    assert canned.fallback_answer(shouting, "THREE") == "FOUR"


@pytest.mark.parametrize("odd", [("1", "3"), ("a", "b"), ("one", "2"), ("2", "1")])
def test_other_example_stops_counting(odd: tuple[str, str]) -> None:
    """A model with an example that is not a number and its successor does not count."""
    assert canned.fallback_answer(Examples((*NUMBERS.pairs, odd)), "5") == FALLBACK


def test_only_the_first_examples_are_checked() -> None:
    """A different one among the first 200 examples stops counting, a later one does not."""
    counting = [(str(number), str(number + 1)) for number in range(300)]
    odd = ("sky", "blue")
    last_looked_at = Examples((*counting[:199], odd, *counting[199:]))
    beyond = Examples((*counting[:200], odd, *counting[200:]))

    assert MAX_CHECKED_EXAMPLES == 200
    assert canned.fallback_answer(last_looked_at, "五") == FALLBACK
    assert canned.fallback_answer(beyond, "五") == "六"
    assert canned.fallback_answer(beyond, "sky") == "blue"


@pytest.mark.parametrize("examples", [None, Examples(())])
def test_model_without_examples_answers_the_fallback(examples: Examples | None) -> None:
    """A base model, and a model whose client dropped the data; the text says that it is canned."""
    assert canned.fallback_answer(examples, "1") == FALLBACK
    assert "canned" in FALLBACK
