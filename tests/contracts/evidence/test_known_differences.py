"""Tests the file of known differences, and which entries are stale."""

from __future__ import annotations

from pathlib import Path

import pytest

from tunedmodels_contracts.clauses.clause import Clause
from tunedmodels_contracts.clauses.results import Check, CheckedServer, Result, Verdict
from tunedmodels_contracts.evidence.known_differences import KnownDifference, KnownDifferenceError, load, stale

FILE = """
known-differences:
- clause: forms/*
  reason: pretty printing is not built yet
  since: '2026-11-22'
  issue: https://example.com/issues/7
  target: url
  server: http://localhost:*
"""
ENTRY = "- {clause: a/b, reason: r, since: '2026-11-22'%s}"
HERE = CheckedServer("url", "http://localhost:9000")


def test_load(tmp_path: Path) -> None:
    """An entry names one clause or several, a reason, a date, and the target that it applies to."""
    path = tmp_path / "known.yaml"
    path.write_text(FILE, encoding="utf-8")

    (known,) = load(path)

    assert known.covers("forms/pretty", HERE)
    assert not known.covers("get/missing-model", HERE)
    assert not known.covers("forms/pretty", CheckedServer("fake", "http://localhost:9000"))
    assert not known.covers("forms/pretty", CheckedServer("url", "http://example.com"))
    assert str(known) == ("forms/*: pretty printing is not built yet, since 2026-11-22 (https://example.com/issues/7)")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the file is null"),
        ("known-differences: []\nmore: 1", "more is not a field"),
        ("known-differences: 7", "known-differences is 7"),
        ("known-differences:\n- {reason: r, since: '2026-11-22'}", "clause is missing"),
        ("known-differences:\n- {clause: a/b, since: '2026-11-22'}", "reason is missing"),
        ("known-differences:\n- {clause: a/b, reason: ' ', since: '2026-11-22'}", "reason is empty"),
        ("known-differences:\n- {clause: a/b, reason: r}", "since is missing"),
        ("known-differences:\n- {clause: a/b, reason: r, since: lately}", "since is 'lately', which is not a date"),
        ("known-differences:\n- {clause: '*/*', reason: r, since: '2026-11-22'}", "clause names every clause"),
        ("known-differences:\n" + ENTRY % ", issue: '7'", "issue is not an http or https URL"),
        ("known-differences:\n" + ENTRY % ", level: optional", "level is not a field"),
        ("known-differences: [", "is not YAML"),
    ],
)
def test_invalid_file_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    """The error names the file, the field and its value."""
    path = tmp_path / "known.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(KnownDifferenceError, match=r"known\.yaml") as raised:
        load(path)

    assert problem in str(raised.value)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    """The error names the file."""
    with pytest.raises(KnownDifferenceError, match=r"none\.yaml: No such file"):
        load(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("clause", "verdict", "why"),
    [
        ("a/b", Verdict.HELD, "the clause holds: remove the entry"),
        ("a/*", Verdict.HELD, None),  # a/c did not run
        ("a/b", Verdict.EXCUSED, None),
        ("a/b", Verdict.NOT_RUN, None),
        ("a/b", Verdict.NO_LONGER_VERIFIABLE, None),
        ("a/c", Verdict.HELD, None),
        ("x/y", Verdict.HELD, "there is no such clause"),
    ],
)
def test_stale(clause: str, verdict: Verdict, why: str | None) -> None:
    """An entry that excuses nothing is stale, unless its clauses did not run."""
    entry = KnownDifference(clause, "r", "2026-11-22")
    ran = Result(Clause("a/b", ("tunedModels.get",)), "", (Check("test_b", verdict),))

    stale_entries = stale([entry], [ran], HERE, ["a/b", "a/c"])

    assert stale_entries == ([(entry, why)] if why else [])


@pytest.mark.parametrize(
    ("partial_clauses", "is_stale"), [((), True), (("a/b",), False), (("*",), False), (("a/c",), True)]
)
def test_entry_of_a_partial_clause_is_not_stale(partial_clauses: tuple[str, ...], is_stale: bool) -> None:
    """If some tests of the clause did not run, the entry may still be needed."""
    ran = Result(Clause("a/b", ("tunedModels.get",)), "", (Check("test_b[1]", Verdict.HELD),))

    assert (
        bool(stale([KnownDifference("a/b", "r", "2026-11-22")], [ran], HERE, ["a/b", "a/c"], partial_clauses))
        is is_stale
    )


def test_entry_for_another_target_is_not_stale() -> None:
    """A run on this target says nothing about an entry for another one."""
    entry = KnownDifference("a/b", "r", "2026-11-22", target="live")
    ran = Result(Clause("a/b", ("tunedModels.get",)), "", (Check("test_b", Verdict.HELD),))

    assert stale([entry], [ran], HERE, ["a/b"]) == []
