"""Checks method ids, the names of the API's methods in faults and journal searches."""

from __future__ import annotations

from fnmatch import fnmatchcase

from ..wire.surface import methods
from .strict_input import nearest

# Routes that exist only by an allowance, and the methods that they stand for.
STANDS_FOR = {"tunedModels.cancel": "tunedModels.operations.cancel", "tunedModels.countTokens": "models.countTokens"}


def check_method(pattern: str, *other_ids: str) -> None:
    """Raise ValueError if *pattern*, an id or a glob, matches no method and none of the ids in *other_ids*."""
    ids = [method.id for method in methods()]
    if any(fnmatchcase(name, pattern) for name in (*ids, *other_ids)):
        return
    problem = "no method matches" if set(pattern) & set("*?[") else "there is no method"
    near = nearest(pattern, ids) or f"; known are {', '.join(ids)}"
    raise ValueError(f"{problem} {pattern!r}{near}")
