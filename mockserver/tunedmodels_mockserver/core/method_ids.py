"""Checks method ids, the names of the API's methods in faults and journal searches."""

from __future__ import annotations

from fnmatch import fnmatchcase

from ..wire.surface import methods
from .strict_input import nearest

# Routes that exist only by an allowance, and the methods that they stand for.
STANDS_FOR = {"tunedModels.cancel": "tunedModels.operations.cancel", "tunedModels.countTokens": "models.countTokens"}


def check_method(pattern: str, *more: str) -> None:
    """Raise ValueError if *pattern*, an id or a glob, matches no method and none of the ids in *more*."""
    known = [method.id for method in methods()]
    if any(fnmatchcase(name, pattern) for name in (*known, *more)):
        return
    what = "no method matches" if set(pattern) & set("*?[") else "there is no method"
    near = nearest(pattern, known) or f"; known are {', '.join(known)}"
    raise ValueError(f"{what} {pattern!r}{near}")
