"""Collects all mutants by name."""

from __future__ import annotations

from collections.abc import Mapping

from .mutant import Mutant
from .mutants import callers, formats, requests, resources, runs, schema_members, statuses

MODULES = (schema_members, statuses, requests, formats, resources, callers, runs)

MUTANTS: Mapping[str, Mutant] = {mutant.name: mutant for module in MODULES for mutant in module.GROUP}


def find_mutant(name: str) -> Mutant:
    """Return the mutant *name*. Raises KeyError with the known names."""
    if name not in MUTANTS:
        raise KeyError(f"There is no mutant {name!r}; there are {', '.join(MUTANTS)}.")
    return MUTANTS[name]
