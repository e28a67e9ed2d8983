"""The clauses that held with the answers in a recording, as the note of its provenance names them."""

from __future__ import annotations

from collections.abc import Sequence

from .provenance import Provenance

_PREFIX = "held with these answers: "


def note_of(clauses: Sequence[str]) -> str:
    """Return the note that names *clauses*; an empty one for none."""
    return f"{_PREFIX}{' '.join(clauses)}" if clauses else ""


def held_clauses(provenance: Provenance) -> tuple[str, ...]:
    """Return the names of the clauses that held with the answers in a recording of that *provenance*."""
    note = provenance.note
    return tuple(note.removeprefix(_PREFIX).split()) if note.startswith(_PREFIX) else ()
