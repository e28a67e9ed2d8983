"""Tests the clause and its mark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tunedmodels_contracts.clauses.clause import Clause, Cost, Level, Need, clause, clause_of

if TYPE_CHECKING:
    from typing import Any


def _marked(*marks: pytest.MarkDecorator) -> Any:
    class Item:
        def get_closest_marker(self, name: str) -> pytest.Mark | None:
            return next((mark.mark for mark in marks if mark.name == name), None)

    return Item()


def test_mark_has_defaults() -> None:
    """By default a clause is required, its outcome is 200, and it has no needs."""
    marked = clause_of(_marked(clause("models/get", "models.get")))

    assert marked == Clause("models/get", ("models.get",), "200 OK", Level.REQUIRED, Cost.REQUEST, frozenset())


def test_tuning_clause_needs_a_tunable_model() -> None:
    """The need is added to the other needs."""
    marked = clause_of(
        _marked(clause("create/any", "tunedModels.create", cost=Cost.TUNING, needs=[Need.SECOND_CALLER]))
    )

    assert marked is not None
    assert marked.needs == {Need.TUNABLE_MODEL, Need.SECOND_CALLER}


@pytest.mark.parametrize("marks", [(), (pytest.mark.clause,), (pytest.mark.clause("operations/any"),)])
def test_other_marks_are_no_clause(marks: tuple[pytest.MarkDecorator, ...]) -> None:
    """A test without the mark, or with another value in it, has no clause."""
    assert clause_of(_marked(*marks)) is None


@pytest.mark.parametrize("name", ["get", "Get/any", "get/", "/get", "get/any_thing", "get/any thing", "get/-any", ""])
def test_invalid_name_is_refused(name: str) -> None:
    """A name is a path of lower-case words, so that it fits into a file name."""
    with pytest.raises(ValueError, match="is not a clause name"):
        Clause(name, ("models.get",))


@pytest.mark.parametrize(
    "outcome", ["200 OK", "404", "403 PERMISSION_DENIED", "403 PERMISSION_DENIED or 404 NOT_FOUND", "4xx"]
)
def test_valid_outcomes(outcome: str) -> None:
    """An outcome is a status, with or without the name of its code."""
    assert Clause("get/any", ("models.get",), outcome).outcome == outcome


@pytest.mark.parametrize(
    "outcome", ["", "OK", "NOT_FOUND", "404 Not Found", "4040", "404 ", "600", "5xx", "404 or", "404or 403"]
)
def test_invalid_outcome_is_refused(outcome: str) -> None:
    """Reports could not count another form."""
    with pytest.raises(ValueError, match="is not an outcome; use a form such as 404 NOT_FOUND"):
        Clause("get/any", ("models.get",), outcome)


def test_clause_without_a_method_is_refused() -> None:
    """No count would have such a clause."""
    with pytest.raises(ValueError, match="has no method"):
        Clause("get/any", ())


@pytest.mark.parametrize(
    ("outcome", "expected"), [("200 OK", ("200 OK",)), ("404", ()), ("4xx", ()), ("403 A or 404 B", ("403 A", "404 B"))]
)
def test_named_outcomes(outcome: str, expected: tuple[str, ...]) -> None:
    """Only outcomes with the name of a code are named outcomes."""
    assert Clause("get/any", ("models.get",), outcome).named_outcomes == expected
