"""Computes, from files, what is known about the service's own answers for a clause. Nobody types in evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path

from ..recordings.held_clauses import held_clauses
from ..recordings.provenance import Provenance
from ..recordings.recording import Recording, load
from ..strict_yaml.errors import RecordingError
from .citations import Citation

PUBLISHED = Path(__file__).parents[1] / "recordings" / "published"


class Kind(Enum):
    """The kinds of evidence, the weakest first. A hand-written example and an answer of a fake are no evidence."""

    NONE = "none"
    SPECIFICATION = "specification"  # a document of the service's owner says so
    PUBLISHED = "published"  # somebody has published an answer of the service
    LIVE_RECORDING = "live recording"  # this package has recorded it from the service
    LIVE_NOW = "live now"  # the clause held on the service in this run

    @property
    def is_verified(self) -> bool:
        """Whether evidence of this kind verifies a clause against the real API."""
        return self in (Kind.LIVE_RECORDING, Kind.LIVE_NOW)

    @property
    def rank(self) -> int:
        """The rank of the kind, from 0 for the weakest."""
        return list(Kind).index(self)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The strongest evidence for a clause: its kind, its date (a day, month or year), and its source, where a reader
    can look it up.
    """

    kind: Kind = Kind.NONE
    date: str = ""
    source: str = ""

    def __str__(self) -> str:
        """Return the kind, and the date if there is one."""
        return f"{self.kind.value} ({self.date})" if self.date else self.kind.value


def evidence(
    clause: str,
    citations: Iterable[Citation] = (),
    recordings: Mapping[str, Sequence[Provenance]] | None = None,
    live_date: date | None = None,
) -> Evidence:
    """Return the strongest evidence for *clause*, and of several of one kind, the latest.

    *recordings* has the provenances of the recordings of each clause. *live_date* is the day on which the clause held
    on the real service in the run that the evidence is for.
    """
    candidates = [Evidence()]
    for citation in citations:
        if clause in citation.clauses:
            kind = Kind.SPECIFICATION if citation.document else Kind.PUBLISHED
            candidates.append(Evidence(kind, citation.date, citation.source))
    for provenance in (recordings or {}).get(clause, ()):
        kind = _kind_of(provenance)
        captured = provenance.captured.isoformat() if provenance.captured else ""
        candidates.append(Evidence(kind, captured, provenance.source) if kind is not Kind.NONE else Evidence())
    if live_date is not None:
        candidates.append(Evidence(Kind.LIVE_NOW, live_date.isoformat(), "this run"))
    return max(candidates, key=sort_key)


def sort_key(evidence: Evidence) -> tuple[int, str]:
    """Return the key by which evidence is compared: the rank of its kind, then the end of its date."""
    return evidence.kind.rank, evidence.date.rpartition("/")[2]


def recordings_by_clause(folder: Path) -> tuple[dict[str, list[Provenance]], list[str]]:
    """Return the provenances of the recordings in *folder*, by clause, and why the other files were rejected.

    A recording supports the clauses that held with its answers, which its provenance names. A published recording
    cannot name them: it supports the clause that it is named after, and citations may add others.
    """
    recordings: dict[str, list[Provenance]] = {}
    problems: list[str] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            recording = load(path)
        except (RecordingError, OSError) as error:
            problems.append(str(error))
            continue
        for name in held_clauses(recording.provenance) or _clause_in_name(recording):
            recordings.setdefault(name, []).append(recording.provenance)
    return recordings, problems


def _clause_in_name(recording: Recording) -> tuple[str, ...]:
    """Return the clause that a published recording is named after. The name may also have a case of the clause."""
    return ("/".join(recording.name.split(".")[:2]),) if recording.provenance.kind == "published" else ()


def _kind_of(provenance: Provenance) -> Kind:
    if provenance.stand_in:
        return Kind.NONE
    return {"live": Kind.LIVE_RECORDING, "published": Kind.PUBLISHED}.get(provenance.kind, Kind.NONE)
