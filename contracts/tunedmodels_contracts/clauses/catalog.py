"""The catalogue: all clauses of the suite, by name."""

from __future__ import annotations

import importlib
import inspect
from functools import cache
from pathlib import Path
from types import MappingProxyType

from .. import suite
from .clause import MARK, Clause


@cache
def catalogue() -> MappingProxyType[str, Clause]:
    """Return the clauses of the suite in the order of their names.

    It imports the suite's modules. In a process in which pytest is to run them it has to do that first: what was
    imported before, pytest cannot rewrite, and failures would say less.
    """
    found: dict[str, Clause] = {}
    for path in sorted(Path(suite.__file__ or "").parent.glob("test_*.py")):
        module = importlib.import_module(f"{suite.__name__}.{path.stem}")
        for _, function in inspect.getmembers(module, inspect.isfunction):
            for mark in getattr(function, "pytestmark", ()):
                if mark.name == MARK and mark.args and isinstance(mark.args[0], Clause):
                    found[mark.args[0].name] = mark.args[0]
    return MappingProxyType(dict(sorted(found.items())))
