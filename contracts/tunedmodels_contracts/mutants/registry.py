"""All mutants, by their names."""

from __future__ import annotations

from collections.abc import Mapping

from . import (
    callers,
    cancelling,
    creation,
    enums,
    facts,
    failing,
    forms,
    generation,
    headers,
    lists,
    masks,
    models,
    numbers,
    omission,
    operations,
    permissions,
    progress,
    reading,
    refusals,
    streams,
    times,
    versions,
)
from .mutant import Mutant

_MODULES = (
    forms,
    omission,
    numbers,
    times,
    enums,
    facts,
    headers,
    creation,
    models,
    lists,
    masks,
    operations,
    cancelling,
    failing,
    progress,
    permissions,
    callers,
    generation,
    streams,
    reading,
    refusals,
    versions,
)

MUTANTS: Mapping[str, Mutant] = {mutant.name: mutant for module in _MODULES for mutant in module.SHELF}


def named(name: str) -> Mutant:
    """Return the mutant called *name*. Raises KeyError, which tells the names that there are."""
    if name not in MUTANTS:
        raise KeyError(f"There is no mutant {name!r}; there are {', '.join(MUTANTS)}.")
    return MUTANTS[name]
