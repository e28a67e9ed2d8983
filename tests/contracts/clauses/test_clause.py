"""Clauses: names that stay, outcomes of one form, and what a mark says."""

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


def test_a_mark_says_which_clause_it_is() -> None:
    """Name, methods, outcome, level, cost and needs; a success by default, and required."""
    found = clause_of(_marked(clause("models/get", "models.get")))

    assert found == Clause("models/get", ("models.get",), "200 OK", Level.REQUIRED, Cost.REQUEST, frozenset())


def test_what_tunes_needs_a_model_to_tune() -> None:
    """That need is never forgotten, and others are added to it."""
    found = clause_of(_marked(clause("create/any", "tunedModels.create", cost=Cost.TUNING, needs=[Need.SECOND_CALLER])))

    assert found is not None
    assert found.needs == {Need.TUNABLE_MODEL, Need.SECOND_CALLER}


@pytest.mark.parametrize("marks", [(), (pytest.mark.clause,), (pytest.mark.clause("operations/any"),)])
def test_tests_that_are_no_clauses(marks: tuple[pytest.MarkDecorator, ...]) -> None:
    """No mark, an empty one and one with something else in it are no clause."""
    assert clause_of(_marked(*marks)) is None


@pytest.mark.parametrize("name", ["get", "Get/any", "get/", "/get", "get/any_thing", "get/any thing", "get/-any", ""])
def test_names_that_would_not_stay(name: str) -> None:
    """A name is a path of lower-case words, so that it sorts, and fits into a file's name."""
    with pytest.raises(ValueError, match="a clause's name is a path"):
        Clause(name, ("models.get",))


@pytest.mark.parametrize("outcome", ["200 OK", "404", "403 PERMISSION_DENIED", "501 UNIMPLEMENTED"])
def test_outcomes(outcome: str) -> None:
    """An outcome is a status with the name of its code, or alone."""
    assert Clause("get/any", ("models.get",), outcome).outcome == outcome


@pytest.mark.parametrize("outcome", ["", "OK", "NOT_FOUND", "404 Not Found", "4040", "404 ", "600"])
def test_outcomes_of_another_form(outcome: str) -> None:
    """Anything else could not be counted."""
    with pytest.raises(ValueError, match="an outcome is like 404 NOT_FOUND"):
        Clause("get/any", ("models.get",), outcome)


def test_a_clause_is_about_a_method() -> None:
    """A clause without a method would be missing in every count."""
    with pytest.raises(ValueError, match="names no method"):
        Clause("get/any", ())
