"""The self-test reports clauses without a kill, surviving mutants, and reasons that are not needed."""

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
    """The self-test passes if each required clause kills a mutant and each mutant is killed."""
    verdict = _verdict(_trial(a_bites="killed"), _trial(b_asleep="killed"))

    assert verdict.is_successful
    assert list(verdict.report_lines()) == [
        "2 of 2 mutants are killed; 2 of 2 required clauses kill one: the suite has teeth"
    ]


def test_toothless() -> None:
    """A required clause without a kill is reported, unless it was not judged."""
    verdict = _verdict(_trial(a_bites="killed"), _trial(c_optional="killed"))

    assert verdict.toothless == ("b/asleep",)
    assert not verdict.is_successful
    assert next(iter(verdict.report_lines())) == "b/asleep is required, kills no mutant, and has no reason"


def test_unprepared_clauses_kill_nothing() -> None:
    """A clause whose setup failed kills nothing."""
    verdict = _verdict(_trial(a_bites="killed", b_asleep="unprepared"), _trial(a_bites="killed"))

    assert verdict.toothless == ("b/asleep",)


def test_survivors_and_void_ones() -> None:
    """A mutant that no clause kills is reported, and a mutant that changed no answer."""
    verdict = _verdict(_trial(a_bites="killed", b_asleep="killed"), _trial(0))

    assert (verdict.survivors, verdict.void) == ((TWO,), (TWO,))
    assert not verdict.is_successful


def test_broken_without_a_mutant() -> None:
    """A clause that fails without a mutant kills nothing."""
    trials = {ONE: _trial(a_bites="killed", b_asleep="killed"), TWO: _trial(b_asleep="killed")}
    verdict = MutationResult(_trial(a_bites="killed"), trials)

    assert verdict.failing_clauses == ("a/bites",)
    assert verdict.kills[ONE] == frozenset({"b/asleep"})
    assert not verdict.is_successful


def test_reasons() -> None:
    """A reason excuses a clause or a mutant, and is reported."""
    verdict = _verdict(
        _trial(a_bites="killed"), _trial(), clauses={"b/asleep": "It sleeps."}, mutants={TWO: "Nobody looks."}
    )

    assert verdict.is_successful
    assert list(verdict.report_lines())[:2] == ["b/asleep: It sleeps.", f"{TWO}: Nobody looks."]


@pytest.mark.parametrize(
    "reasons", [{"clauses": {"a/bites": "x"}}, {"clauses": {"e/gone": "x"}}, {"mutants": {ONE: "x"}}]
)
def test_stale_reasons(reasons: dict[str, dict[str, str]]) -> None:
    """A reason for an unknown name, or for one that needs none, is an error."""
    verdict = _verdict(_trial(a_bites="killed"), _trial(b_asleep="killed"), **reasons)

    assert verdict.stale == tuple(name for names in reasons.values() for name in names)
    assert not verdict.is_successful


def test_selections_are_not_judged_as_a_whole() -> None:
    """Some mutants report no clause without a kill, and some clauses report no survivor of all mutants."""
    trials = {ONE: _trial(a_bites="killed"), TWO: _trial()}
    some_mutants = MutationResult(_trial(0), trials, all_mutants=False)
    some_clauses = MutationResult(_trial(0), trials, all_clauses=False)

    assert (some_mutants.toothless, some_mutants.survivors, some_mutants.is_successful) == ((), (TWO,), False)
    assert (some_clauses.toothless, some_clauses.survivors, some_clauses.is_successful) == (("b/asleep",), (), False)


def test_reasons_need_words(tmp_path: Path) -> None:
    """A name without a reason raises an error."""
    path = tmp_path / "reasons.yaml"
    path.write_text("clauses:\n  a/b:\n", encoding="utf-8")

    with pytest.raises(ValueError, match="has no reason for a/b: write one, or take it out"):
        Reasons.read(path)


def test_committed_reasons_are_of_the_suite() -> None:
    """The committed reasons name existing mutants and clauses."""
    text = "".join(path.read_text(encoding="utf-8") for path in SUITE.glob("test_*.py"))
    names = set(re.findall(r'clause\(\s*"([a-z0-9/-]+)"', text))
    reasons = Reasons.read()

    assert set(reasons.clauses) <= names
    assert set(reasons.mutants) <= set(MUTANTS)


SAMPLE: dict[str, str] = {
    "operation/response/dropped": "operations/one-result-at-the-end",
    "error/details/untyped": "forms/envelope-with-details",
    "error/code/retyped": "get/missing-model",
    "error/status/made-up": "get/missing-model",
    "tuning-snapshot/epoch/written-as-default": "operations/zeros-are-absent",
    "permission/role/zeroed": "permissions/everyone",
    "permission/made-up-member": "permissions/everyone",
    "model/not-found-as-permission-denied": "get/missing-model",
    "large-page/ok-as-invalid-argument": "list/page-size-beyond-the-limit",
    "negative-pages-accepted": "list/negative-page-size",
    "other-words": "get/missing-model",
    "display-name-is-the-id": "create/no-display-name",
    "everyone-without-effect": "permissions/everyone",
    "done-goes-back": "operations/done-is-absorbing",
    "percent-falls": "operations/progress-never-falls",
    "parameter/filter/ignored": "",
}
"""A clause that kills each mutant; empty if none of these clauses does."""


def test_the_sample_has_each_kind() -> None:
    """The sample has a mutant of each group, and of each kind that is generated from the schema."""
    generated = {name.rpartition("/")[2] for name, mutant in MUTANTS.items() if mutant.kind == "schema"}

    assert {MUTANTS[name].kind for name in SAMPLE} == {mutant.kind for mutant in MUTANTS.values()}
    assert {name.rpartition("/")[2] for name in SAMPLE if MUTANTS[name].kind == "schema"} == generated
    assert {MUTANTS[name].is_stateful for name in SAMPLE} == {False, True}


def test_a_sample_of_mutants() -> None:
    """Clauses run against the sample, and those that read what a mutant spoils kill it."""
    progress: list[str] = []
    clauses = sorted({*SAMPLE.values()} - {""})
    result = selftest(
        clauses, SAMPLE, jobs=2, progress=lambda name, number, of: progress.append(f"{number}/{of} {name}")
    )

    assert [name for name, clause in SAMPLE.items() if clause and clause not in result.kills[name]] == []
    assert "percent-falls is killed by operations/progress-never-falls" in result.report_lines()
    assert [line.partition(" ")[0] for line in progress] == [f"{n}/{len(SAMPLE)}" for n in range(1, len(SAMPLE) + 1)]
    assert result.to_json()["mutants"]["percent-falls"]["killed_by"] == ["operations/progress-never-falls"]
    assert result.failing_clauses == result.toothless == result.stale == ()
    assert set(result.survivors) == {name for name, killed in SAMPLE.items() if not killed}
    assert set(result.void) <= set(result.survivors)
