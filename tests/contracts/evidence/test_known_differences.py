"""Known differences: the file, what it excuses, and what it no longer does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tunedmodels_contracts.clauses.clause import Clause
from tunedmodels_contracts.clauses.results import Check, Result, Subject, Verdict
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
HERE = Subject("url", "http://localhost:9000")


def test_load(tmp_path: Path) -> None:
    """A file of known differences has a clause or several, the reason, the day, and where they are known."""
    path = tmp_path / "known.yaml"
    path.write_text(FILE, encoding="utf-8")

    (known,) = load(path)

    assert known.covers("forms/pretty", HERE)
    assert not known.covers("get/missing-model", HERE)
    assert not known.covers("forms/pretty", Subject("fake", "http://localhost:9000"))
    assert not known.covers("forms/pretty", Subject("url", "http://example.com"))
    assert str(known) == ("forms/*: pretty printing is not built yet, since 2026-11-22 (https://example.com/issues/7)")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is null"),
        ("known-differences: []\nmore: 1", "more is not a field"),
        ("known-differences: 7", "known-differences is 7"),
        ("known-differences:\n- {reason: r, since: '2026-11-22'}", "clause is missing"),
        ("known-differences:\n- {clause: a/b, since: '2026-11-22'}", "reason is missing"),
        ("known-differences:\n- {clause: a/b, reason: ' ', since: '2026-11-22'}", "reason is empty"),
        ("known-differences:\n- {clause: a/b, reason: r}", "since is missing"),
        ("known-differences:\n- {clause: a/b, reason: r, since: lately}", "since is 'lately', which is no day"),
        ("known-differences:\n- {clause: '*/*', reason: r, since: '2026-11-22'}", "clause names every clause"),
        ("known-differences:\n" + ENTRY % ", issue: '7'", "issue is no http or https address"),
        ("known-differences:\n" + ENTRY % ", level: optional", "level is not a field"),
        ("known-differences: [", "is not YAML"),
    ],
)
def test_refusals(tmp_path: Path, text: str, said: str) -> None:
    """What is no such file is refused with the place, what was found, and what an entry has."""
    path = tmp_path / "known.yaml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(KnownDifferenceError, match=r"known\.yaml") as refusal:
        load(path)

    assert said in str(refusal.value)


def test_no_file(tmp_path: Path) -> None:
    """A file that is not there is refused by its name."""
    with pytest.raises(KnownDifferenceError, match=r"none\.yaml: No such file"):
        load(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("clause", "verdict", "why"),
    [
        ("a/b", Verdict.HELD, "the clause holds: take the entry out"),
        ("a/*", Verdict.HELD, None),  # a/c did not run
        ("a/b", Verdict.EXCUSED, None),
        ("a/b", Verdict.NOT_RUN, None),
        ("a/b", Verdict.NO_LONGER_VERIFIABLE, None),
        ("a/c", Verdict.HELD, None),
        ("x/y", Verdict.HELD, "there is no such clause"),
    ],
)
def test_stale(clause: str, verdict: Verdict, why: str | None) -> None:
    """An entry that excuses nothing is found; nothing can be said of one whose clauses did not run."""
    entry = KnownDifference(clause, "r", "2026-11-22")
    ran = Result(Clause("a/b", ("tunedModels.get",)), "", (Check("test_b", verdict),))

    found = stale([entry], [ran], HERE, ["a/b", "a/c"])

    assert found == ([(entry, why)] if why else [])


@pytest.mark.parametrize(("partly", "told"), [((), True), (("a/b",), False), (("*",), False), (("a/c",), True)])
def test_a_clause_that_ran_in_part_says_nothing(partly: tuple[str, ...], told: bool) -> None:
    """Tests that hold say nothing of those of the same clause that did not run."""
    ran = Result(Clause("a/b", ("tunedModels.get",)), "", (Check("test_b[1]", Verdict.HELD),))

    assert bool(stale([KnownDifference("a/b", "r", "2026-11-22")], [ran], HERE, ["a/b", "a/c"], partly)) is told


def test_an_entry_about_another_target_is_not_stale() -> None:
    """What is known of another target says nothing about this one."""
    entry = KnownDifference("a/b", "r", "2026-11-22", target="live")
    ran = Result(Clause("a/b", ("tunedModels.get",)), "", (Check("test_b", Verdict.HELD),))

    assert stale([entry], [ran], HERE, ["a/b"]) == []
