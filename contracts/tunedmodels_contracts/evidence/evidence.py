"""Evidence: what is known of the service's own answers about a clause. Computed from files, and never typed in."""

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
    """How strong it is, the weakest first. A hand-written example is none, and neither is what a fake answers."""

    NONE = "none"
    SPECIFICATION = "specification"  # a document of the service's owner says so
    PUBLISHED = "published"  # somebody has printed what the service answered
    LIVE_RECORDING = "live recording"  # this package has recorded it from the service
    LIVE_NOW = "live now"  # it held on the service in this very run

    @property
    def verified(self) -> bool:
        """Whether it verifies a clause against the real API."""
        return self in (Kind.LIVE_RECORDING, Kind.LIVE_NOW)

    @property
    def rank(self) -> int:
        """Its place on the scale."""
        return list(Kind).index(self)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The strongest evidence for a clause: its kind, the day, month or year that it is of, and where to look it up."""

    kind: Kind = Kind.NONE
    date: str = ""
    source: str = ""

    def __str__(self) -> str:
        """Say it in a few words."""
        return f"{self.kind.value} ({self.date})" if self.date else self.kind.value


def evidence(
    clause: str,
    citations: Iterable[Citation] = (),
    recordings: Mapping[str, Sequence[Provenance]] | None = None,
    held_live: date | None = None,
) -> Evidence:
    """Return the strongest evidence for *clause*; of several of one kind, the latest.

    *recordings* are the provenances of what was recorded for each clause; *held_live* is the day on which it held
    on the service itself, in the run that this is about.
    """
    found = [Evidence()]
    for citation in citations:
        if clause in citation.clauses:
            kind = Kind.SPECIFICATION if citation.document else Kind.PUBLISHED
            found.append(Evidence(kind, citation.date, citation.source))
    for provenance in (recordings or {}).get(clause, ()):
        kind = _of(provenance)
        captured = provenance.captured.isoformat() if provenance.captured else ""
        found.append(Evidence(kind, captured, provenance.source) if kind is not Kind.NONE else Evidence())
    if held_live is not None:
        found.append(Evidence(Kind.LIVE_NOW, held_live.isoformat(), "this run"))
    return max(found, key=strength)


def strength(found: Evidence) -> tuple[int, str]:
    """Return what to compare evidence by: its kind, and the end of the time that it is of."""
    return found.kind.rank, found.date.rpartition("/")[2]


def recorded(folder: Path) -> tuple[dict[str, list[Provenance]], list[str]]:
    """Return the provenances of the recordings in *folder* by clause, and what is wrong with those that count not.

    A recording is for the clauses that held with its answers when it was made, as it says itself. One that somebody
    published cannot say so: it is for the clause whose name it has, and citations may say more.
    """
    found: dict[str, list[Provenance]] = {}
    wrong: list[str] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            recording = load(path)
        except (RecordingError, OSError) as error:
            wrong.append(str(error))
            continue
        for name in held_clauses(recording.provenance) or _named(recording):
            found.setdefault(name, []).append(recording.provenance)
    return found, wrong


def _named(recording: Recording) -> tuple[str, ...]:
    """Return the clause that a published recording is called after; its name may say which case of it."""
    return ("/".join(recording.name.split(".")[:2]),) if recording.provenance.kind == "published" else ()


def _of(provenance: Provenance) -> Kind:
    if provenance.stand_in:
        return Kind.NONE
    return {"live": Kind.LIVE_RECORDING, "published": Kind.PUBLISHED}.get(provenance.kind, Kind.NONE)
