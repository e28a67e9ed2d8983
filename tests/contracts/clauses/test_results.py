"""What becomes of a clause, by what its tests told."""

from __future__ import annotations

import json

import pytest

from tunedmodels_contracts.clauses.clause import Clause, Level
from tunedmodels_contracts.clauses.results import (
    Check,
    Result,
    Subject,
    Verdict,
    as_json,
    from_json,
    skipped,
    with_verdict,
)

CLAUSE = Clause("get/missing-model", ("tunedModels.get",), "404 NOT_FOUND", Level.RECOMMENDED)
HELD, BROKEN, EXCUSED = Verdict.HELD, Verdict.BROKEN, Verdict.EXCUSED
NOT_RUN, GONE = Verdict.NOT_RUN, Verdict.NO_LONGER_VERIFIABLE


def result(*verdicts: Verdict, reason: str = "") -> Result:
    return Result(CLAUSE, "A sentence.", tuple(Check(f"test_it[{n}]", v, reason) for n, v in enumerate(verdicts)))


@pytest.mark.parametrize(
    ("verdicts", "whole"),
    [
        ([HELD, HELD], HELD),
        ([HELD, BROKEN, HELD], BROKEN),
        ([EXCUSED, BROKEN], BROKEN),
        ([HELD, EXCUSED], EXCUSED),
        ([HELD, NOT_RUN], NOT_RUN),
        ([GONE, HELD], GONE),
        ([GONE, NOT_RUN], NOT_RUN),
        ([], NOT_RUN),
    ],
)
def test_a_clause_holds_when_all_its_tests_hold(verdicts: list[Verdict], whole: Verdict) -> None:
    """Of a parametrised clause the worst test counts; one that was not asked everything did not run."""
    assert result(*verdicts).verdict is whole


def test_reasons() -> None:
    """A clause that holds has no reason; one with several tests says how many of them did not."""
    assert result(HELD, reason="x").reason == ""
    assert result(BROKEN, reason="x").reason == "x"
    assert result(BROKEN, HELD, reason="x").reason == "1 of 2 tests: x"


@pytest.mark.parametrize(
    ("reason", "verdict"),
    [
        ("no longer verifiable: no base model can be tuned", GONE),
        ("No longer verifiable", GONE),
        ("the target has no second-caller", NOT_RUN),
        ("", NOT_RUN),
    ],
)
def test_skipped(reason: str, verdict: Verdict) -> None:
    """What nobody can verify any more is told from what did not run, by how its reason begins."""
    assert skipped(reason) is verdict


@pytest.mark.parametrize(
    ("subject", "name", "real"),
    [
        (Subject("fake", "http://fake.test"), "fake", False),
        (Subject("url", "http://localhost:9000"), "url http://localhost:9000", False),
        (Subject("live", "https://generativelanguage.googleapis.com"), "live", True),
        (Subject("live", "https://127.0.0.1:8443"), "live https://127.0.0.1:8443", False),
        (Subject("stand-in", "https://127.0.0.1:8443"), "stand-in https://127.0.0.1:8443", False),
        (Subject("replay", "https://generativelanguage.googleapis.com"), "replay", False),
    ],
)
def test_only_the_service_itself_is_real(subject: Subject, name: str, real: bool) -> None:
    """Neither a stand-in that is reached by the live code nor a replay is the service."""
    assert (str(subject), subject.real) == (name, real)


def test_json() -> None:
    """A result comes back from JSON as it was."""
    before = result(HELD, BROKEN, reason="E 7\n")

    assert from_json(json.loads(json.dumps(as_json(before)))) == before
    assert with_verdict([before], BROKEN, Level.RECOMMENDED) == [before]
    assert with_verdict([before], BROKEN, Level.REQUIRED) == []
