"""The self-test: what has no teeth is named, what cannot have any has its reason, and reasons do not go stale."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tunedmodels_contracts
from tunedmodels_contracts.mutation import MUTANTS
from tunedmodels_contracts.mutation.selftest import MutationResult, Reasons, selftest
from tunedmodels_contracts.mutation.trial import Outcome, Trial

SUITE = Path(tunedmodels_contracts.__file__).parent / "suite"
CLAUSES = {"a/bites": "held", "b/asleep": "held", "c/optional": "held", "d/unjudged": "left out"}
ONE, TWO = list(MUTANTS)[:2]


def _trial(changed_answers: int = 1, **outcomes: Outcome) -> Trial:
    known: dict[str, Outcome] = {**CLAUSES, **{name.replace("_", "/"): outcome for name, outcome in outcomes.items()}}  # type: ignore[dict-item]
    required = frozenset(name for name in known if name != "c/optional")
    return Trial(known, required, frozenset({"d/unjudged"}), changed_answers)


def _verdict(one: Trial, two: Trial, **reasons: dict[str, str]) -> MutationResult:
    return MutationResult(_trial(0), {ONE: one, TWO: two}, Reasons(**reasons))


def test_teeth() -> None:
    """A suite has teeth where each required clause kills a mutant and each mutant is killed."""
    verdict = _verdict(_trial(a_bites="killed"), _trial(b_asleep="killed"))

    assert verdict.passed
    assert list(verdict.report_lines()) == [
        "2 of 2 mutants are killed; 2 of 2 required clauses kill one: the suite has teeth"
    ]


def test_toothless() -> None:
    """A required clause that kills none is named; one that is not judged is not."""
    verdict = _verdict(_trial(a_bites="killed"), _trial(c_optional="killed"))

    assert verdict.toothless == ("b/asleep",)
    assert not verdict.passed
    assert next(iter(verdict.report_lines())) == "b/asleep is required, kills no mutant, and has no reason"


def test_being_unprepared_is_no_bite() -> None:
    """A clause that could not be given what it needs shows nothing."""
    verdict = _verdict(_trial(a_bites="killed", b_asleep="unprepared"), _trial(a_bites="killed"))

    assert verdict.toothless == ("b/asleep",)


def test_survivors_and_void_ones() -> None:
    """A mutant that nobody kills is named, and one that spoiled nothing."""
    verdict = _verdict(_trial(a_bites="killed", b_asleep="killed"), _trial(0))

    assert (verdict.survivors, verdict.void) == ((TWO,), (TWO,))
    assert not verdict.passed


def test_broken_without_a_mutant() -> None:
    """A clause that does not hold anyway kills nothing."""
    trials = {ONE: _trial(a_bites="killed", b_asleep="killed"), TWO: _trial(b_asleep="killed")}
    verdict = MutationResult(_trial(a_bites="killed"), trials)

    assert verdict.broken == ("a/bites",)
    assert verdict.kills[ONE] == frozenset({"b/asleep"})
    assert not verdict.passed


def test_reasons() -> None:
    """What has a reason is excused, and the reason told."""
    verdict = _verdict(
        _trial(a_bites="killed"), _trial(), clauses={"b/asleep": "It sleeps."}, mutants={TWO: "Nobody looks."}
    )

    assert verdict.passed
    assert list(verdict.report_lines())[:2] == ["b/asleep: It sleeps.", f"{TWO}: Nobody looks."]


@pytest.mark.parametrize(
    "reasons", [{"clauses": {"a/bites": "x"}}, {"clauses": {"e/gone": "x"}}, {"mutants": {ONE: "x"}}]
)
def test_stale_reasons(reasons: dict[str, dict[str, str]]) -> None:
    """A reason for what needs none, or is not there, fails."""
    verdict = _verdict(_trial(a_bites="killed"), _trial(b_asleep="killed"), **reasons)

    assert verdict.stale == tuple(name for names in reasons.values() for name in names)
    assert not verdict.passed


def test_what_was_not_tried_is_not_judged() -> None:
    """Of some mutants none shows a clause toothless, and some clauses with all mutants show no mutant a survivor."""
    trials = {ONE: _trial(a_bites="killed"), TWO: _trial()}
    some_mutants = MutationResult(_trial(0), trials, all_mutants=False)
    some_clauses = MutationResult(_trial(0), trials, all_clauses=False)

    assert (some_mutants.toothless, some_mutants.survivors, some_mutants.passed) == ((), (TWO,), False)
    assert (some_clauses.toothless, some_clauses.survivors, some_clauses.passed) == (("b/asleep",), (), False)


def test_reasons_need_words(tmp_path: Path) -> None:
    """A name without a reason is refused."""
    path = tmp_path / "reasons.yaml"
    path.write_text("clauses:\n  a/b:\n", encoding="utf-8")

    with pytest.raises(ValueError, match="has no reason for a/b: write one, or take it out"):
        Reasons.read(path)


def test_committed_reasons_are_of_the_suite() -> None:
    """The reasons that are kept name mutants and clauses that there are."""
    text = "".join(path.read_text(encoding="utf-8") for path in SUITE.glob("test_*.py"))
    names = set(re.findall(r'clause\(\s*"([a-z0-9/-]+)"', text))
    reasons = Reasons.read()

    assert set(reasons.clauses) <= names
    assert set(reasons.mutants) <= set(MUTANTS)


def test_a_few_mutants_behind_the_suite() -> None:
    """Clauses are run behind mutants, and what was noted fits what each mutant spoils."""
    told: list[str] = []
    clauses = ["get/missing-model", "operations/done-is-absorbing", "operations/progress-never-falls"]
    mutants = ["done-goes-back", "percent-falls", "other-words", "missing-models-are-forbidden", "page-repeated"]
    verdict = selftest(clauses, mutants, jobs=2, progress=lambda name, number, of: told.append(f"{number}/{of} {name}"))

    assert {name: sorted(killed) for name, killed in verdict.kills.items()} == {
        "done-goes-back": ["operations/done-is-absorbing"],
        "percent-falls": ["operations/progress-never-falls"],
        "other-words": ["get/missing-model"],
        "missing-models-are-forbidden": ["get/missing-model"],
        "page-repeated": [],
    }
    assert verdict.void == ("page-repeated",)
    assert verdict.broken == ()
    assert (verdict.toothless, verdict.survivors, verdict.stale) == ((), ("page-repeated",), ())
    assert "percent-falls is killed by operations/progress-never-falls" in verdict.report_lines()
    assert len(told) == len(mutants)
    assert verdict.to_json()["mutants"]["percent-falls"]["killed_by"] == ["operations/progress-never-falls"]
