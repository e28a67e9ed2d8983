"""Builds the index of all clauses of the suite, by name."""

from __future__ import annotations

import importlib
import inspect
from functools import cache
from pathlib import Path
from types import MappingProxyType

from .clause import MARK, Clause

# The path finds the suite without an import, because the suite is in a layer above this module.
_FOLDER = Path(__file__).parents[1] / "suite"
_SUITE = f"{__name__.partition('.')[0]}.suite"


@cache
def catalog() -> MappingProxyType[str, Clause]:
    """Return the clauses of the suite in the order of their names.

    This imports the modules of the suite. If pytest runs them in the same process, it must import them first: pytest
    cannot rewrite the assertions of a module that was imported before, and failures would say less.
    """
    clauses: dict[str, Clause] = {}
    for path in sorted(_FOLDER.glob("test_*.py")):
        module = importlib.import_module(f"{_SUITE}.{path.stem}")
        for _, function in inspect.getmembers(module, inspect.isfunction):
            for mark in getattr(function, "pytestmark", ()):
                if mark.name == MARK and mark.args and isinstance(mark.args[0], Clause):
                    clauses[mark.args[0].name] = mark.args[0]
    return MappingProxyType(dict(sorted(clauses.items())))
