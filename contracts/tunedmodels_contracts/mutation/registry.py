"""Collects all mutants by name."""

from __future__ import annotations

from collections.abc import Mapping

from .mutant import Mutant
from .mutants import (
    cancellation,
    creation,
    credentials,
    default_values,
    enums,
    error_bodies,
    failed_runs,
    field_masks,
    formats,
    generation,
    headers,
    lists,
    models,
    numbers,
    operations,
    permissions,
    progress,
    request_parsing,
    schema_violations,
    streams,
    timestamps,
    versions,
)

_MODULES = (
    formats,
    default_values,
    numbers,
    timestamps,
    enums,
    schema_violations,
    headers,
    creation,
    models,
    lists,
    field_masks,
    operations,
    cancellation,
    failed_runs,
    progress,
    permissions,
    credentials,
    generation,
    streams,
    request_parsing,
    error_bodies,
    versions,
)

MUTANTS: Mapping[str, Mutant] = {mutant.name: mutant for module in _MODULES for mutant in module.GROUP}


def find_mutant(name: str) -> Mutant:
    """Return the mutant *name*. Raises KeyError with the known names."""
    if name not in MUTANTS:
        raise KeyError(f"There is no mutant {name!r}; there are {', '.join(MUTANTS)}.")
    return MUTANTS[name]
