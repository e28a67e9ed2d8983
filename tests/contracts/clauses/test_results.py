"""Tests how the outcomes of tests make the result of a clause."""

from __future__ import annotations

import json

import pytest

from tunedmodels_contracts.clauses.clause import Clause, Level
from tunedmodels_contracts.clauses.results import (
    Check,
    CheckedServer,
    Result,
    Verdict,
    as_json,
    from_json,
    verdict_of_skip,
    with_verdict,
)

CLAUSE = Clause("get/missing-model", ("tunedModels.get",), "404 NOT_FOUND", Level.RECOMMENDED)
HELD, BROKEN, EXCUSED = Verdict.HELD, Verdict.BROKEN, Verdict.EXCUSED
NOT_RUN, UNVERIFIABLE = Verdict.NOT_RUN, Verdict.NO_LONGER_VERIFIABLE


def result(*verdicts: Verdict, reason: str = "") -> Result:
    return Result(CLAUSE, "A sentence.", tuple(Check(f"test_it[{n}]", v, reason) for n, v in enumerate(verdicts)))


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([HELD, HELD], HELD),
        ([HELD, BROKEN, HELD], BROKEN),
        ([EXCUSED, BROKEN], BROKEN),
        ([HELD, EXCUSED], EXCUSED),
        ([HELD, NOT_RUN], NOT_RUN),
        ([UNVERIFIABLE, HELD], UNVERIFIABLE),
        ([UNVERIFIABLE, NOT_RUN], NOT_RUN),
        ([], NOT_RUN),
    ],
)
def test_clause_has_its_worst_verdict(verdicts: list[Verdict], expected: Verdict) -> None:
    """A clause with several tests has the worst of their verdicts."""
    assert result(*verdicts).verdict is expected


def test_reason_of_a_clause() -> None:
    """A clause that holds has no reason. The reason has the number of tests if only some have the verdict."""
    assert result(HELD, reason="x").reason == ""
    assert result(BROKEN, reason="x").reason == "x"
    assert result(BROKEN, HELD, reason="x").reason == "1 of 2 tests: x"


@pytest.mark.parametrize(
    ("reason", "verdict"),
    [
        ("no longer verifiable: no base model can be tuned", UNVERIFIABLE),
        ("No longer verifiable", UNVERIFIABLE),
        ("the target has no second-caller", NOT_RUN),
        ("", NOT_RUN),
    ],
)
def test_verdict_of_a_skipped_test(reason: str, verdict: Verdict) -> None:
    """The beginning of the reason says whether the clause can no longer be verified."""
    assert verdict_of_skip(reason) is verdict


@pytest.mark.parametrize(
    ("server", "name", "is_real"),
    [
        (CheckedServer("fake", "http://fake.test"), "fake", False),
        (CheckedServer("url", "http://localhost:9000"), "url http://localhost:9000", False),
        (CheckedServer("live", "https://generativelanguage.googleapis.com"), "live", True),
        (CheckedServer("live", "https://127.0.0.1:8443"), "live https://127.0.0.1:8443", False),
        (CheckedServer("stand-in", "https://127.0.0.1:8443"), "stand-in https://127.0.0.1:8443", False),
        (CheckedServer("replay", "https://generativelanguage.googleapis.com"), "replay", False),
    ],
)
def test_only_the_live_service_is_real(server: CheckedServer, name: str, is_real: bool) -> None:
    """A stand-in and a replay are not the real service."""
    assert (str(server), server.is_real) == (name, is_real)


def test_json_round_trip() -> None:
    """``from_json`` reads what ``as_json`` wrote."""
    original = result(HELD, BROKEN, reason="E 7\n")

    assert from_json(json.loads(json.dumps(as_json(original)))) == original
    assert with_verdict([original], BROKEN, Level.RECOMMENDED) == [original]
    assert with_verdict([original], BROKEN, Level.REQUIRED) == []
