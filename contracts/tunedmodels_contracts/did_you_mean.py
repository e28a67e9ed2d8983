"""The nearest name: what somebody may have meant who named something that there is not."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def unknown_name(what: str, name: str, names: Iterable[str]) -> str:
    """Return the sentence that says that there is no *what* called *name*, and which of *names* is nearest to it."""
    near = get_close_matches(name, list(names), n=1, cutoff=0.5)
    return f"There is no {what} {name!r:.100}" + (f"; did you mean {near[0]}?" if near else ".")
