"""Reads and writes the note of a provenance that names the clauses that held with the recorded answers."""

from __future__ import annotations

from collections.abc import Sequence

from .provenance import Provenance

_PREFIX = "held with these answers: "


def note_of(clauses: Sequence[str]) -> str:
    """Return the note that names *clauses*; an empty text if there are none."""
    return f"{_PREFIX}{' '.join(clauses)}" if clauses else ""


def held_clauses(provenance: Provenance) -> tuple[str, ...]:
    """Return the names of the clauses that held with the answers in a recording with this *provenance*."""
    note = provenance.note
    return tuple(note.removeprefix(_PREFIX).split()) if note.startswith(_PREFIX) else ()
