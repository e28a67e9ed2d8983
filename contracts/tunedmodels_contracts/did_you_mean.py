"""Suggests the nearest name for a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def unknown_name(what: str, name: str, names: Iterable[str]) -> str:
    """Return a sentence that says that there is no *what* called *name*, and names the nearest of *names*, if any."""
    near = get_close_matches(name, list(names), n=1, cutoff=0.5)
    return f"There is no {what} {name!r:.100}" + (f"; did you mean {near[0]}?" if near else ".")
