"""Tests which evidence counts for a clause."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tunedmodels_contracts.evidence.citations import Citation
from tunedmodels_contracts.evidence.evidence import PUBLISHED, Evidence, Kind, evidence, recordings_by_clause
from tunedmodels_contracts.recordings import Exchange, Provenance, ReceivedResponse, Recording, SentRequest, save

NAME = "operations/done-is-absorbing"
DOCUMENT = Citation("spec", "a/b:c", "2026", (NAME,), document=True)
OLD = Citation("old", "https://example.com/old", "2023-09-19", (NAME,), fidelity="wire")
NEW = Citation("new", "https://example.com/new", "2024-06/2025-01", (NAME,), fidelity="quoted")
PAGE = Provenance("published", "page", date(2024, 3, 14))
LIVE = Provenance("live", "us", date(2024, 1, 2))
EXAMPLE = Provenance("hand-written", "head", date(2026, 1, 2))
STAND_IN = Provenance("live", "loopback", date(2026, 1, 2), stand_in=True)
TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("citations", "recordings", "live", "expected"),
    [
        ([], [], None, Evidence()),
        ([], [EXAMPLE], None, Evidence()),
        ([], [STAND_IN], None, Evidence()),
        ([DOCUMENT], [EXAMPLE], None, Evidence(Kind.SPECIFICATION, "2026", "a/b:c")),
        ([OLD, DOCUMENT], [], None, Evidence(Kind.PUBLISHED, "2023-09-19", "https://example.com/old")),
        ([OLD, NEW], [PAGE], None, Evidence(Kind.PUBLISHED, "2024-06/2025-01", "https://example.com/new")),
        ([OLD], [PAGE], None, Evidence(Kind.PUBLISHED, "2024-03-14", "page")),
        ([NEW], [PAGE, LIVE], None, Evidence(Kind.LIVE_RECORDING, "2024-01-02", "us")),
        ([NEW], [LIVE], TODAY, Evidence(Kind.LIVE_NOW, "2026-11-22", "this run")),
    ],
)
def test_strongest_evidence_counts(
    citations: list[Citation], recordings: list[Provenance], live: date | None, expected: Evidence
) -> None:
    """The kinds rank from none to live now. Of two of one kind, the later one counts."""
    assert evidence(NAME, citations, {NAME: recordings}, live) == expected
    assert evidence("another/clause", citations, {NAME: recordings}) == Evidence()


def test_only_live_kinds_verify() -> None:
    """Only live recordings and live runs verify a clause."""
    assert [kind for kind in Kind if kind.is_verified] == [Kind.LIVE_RECORDING, Kind.LIVE_NOW]


def test_text_of_evidence() -> None:
    """The text has the date if there is one."""
    assert str(Evidence()) == "none"
    assert str(Evidence(Kind.PUBLISHED, "2024-03")) == "published (2024-03)"


def test_clauses_in_the_note(tmp_path: Path) -> None:
    """A recording supports the clauses that held with it. An edited one supports none and is reported."""
    url = "https://generativelanguage.googleapis.com/v1beta/tunedModels"
    exchange = Exchange(SentRequest("GET", url), ReceivedResponse(200, body=b"{}\n"))
    example = replace(EXAMPLE, note=f"held with these answers: {NAME} get/visible-at-once")
    save(Recording("runs.finished", example, (exchange,)), tmp_path / "runs.finished.yaml")
    save(Recording("example", EXAMPLE, (exchange,)), tmp_path / "example.yaml")
    (tmp_path / "edited.yaml").write_text(
        (PUBLISHED / "tutorial.last-poll.yaml").read_text(encoding="utf-8").replace("1.402067", "1.5", 1),
        encoding="utf-8",
    )

    recordings, problems = recordings_by_clause(tmp_path)

    assert {*recordings} == {NAME, "get/visible-at-once"}
    assert [one.kind for one in recordings[NAME]] == ["hand-written"]
    assert len(problems) == 1
    assert problems[0].startswith("edited.yaml: contract.provenance.sha256")


def test_clause_in_the_name(tmp_path: Path) -> None:
    """A published recording supports the clause in its name. A hand-written one supports none."""
    path = next(PUBLISHED.glob("tutorial.last-poll.yaml"))
    (tmp_path / path.name).write_bytes(path.read_bytes())
    url = "https://generativelanguage.googleapis.com/v1beta/tunedModels"
    exchange = Exchange(SentRequest("GET", url), ReceivedResponse(200, body=b"{}\n"))
    save(Recording("list.whole-models", EXAMPLE, (exchange,)), tmp_path / "list.whole-models.yaml")

    recordings, problems = recordings_by_clause(tmp_path)

    assert problems == []
    assert {name: [one.kind for one in provenances] for name, provenances in recordings.items()} == {
        "tutorial/last-poll": ["published"]
    }
