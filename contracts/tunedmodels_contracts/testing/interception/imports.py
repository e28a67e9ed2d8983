"""Imports: what is done to a module as soon as this process has it, which may be never."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


@contextmanager
def once_imported(name: str, act: Callable[[Any], object]) -> Iterator[None]:
    """Call *act* with the module *name*: at once if it is imported already, else right after its import.

    A module that nobody imports within the block costs nothing.
    """
    finder = _Finder(name, act)
    sys.meta_path.insert(0, finder)
    try:
        if sys.modules.get(name) is not None:
            finder.end()
            act(importlib.import_module(name))  # waits for another thread that still imports it
        yield
    finally:
        finder.end()


class _Finder(MetaPathFinder):
    """Finds a module as the other finders do, and adds *act* to its execution."""

    def __init__(self, name: str, act: Callable[[Any], object]) -> None:
        self._name = name
        self._act = act
        self._ended = False

    def end(self) -> None:
        """Find and do nothing more."""
        self._ended = True
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return what the other finders find for the module, and nothing for any other module."""
        if fullname != self._name or self._ended:
            return None
        others = [finder for finder in sys.meta_path if finder is not self]
        spec = next(filter(None, (finder.find_spec(fullname, path, target) for finder in others)), None)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                if not self._ended:
                    self._act(module)

            vars(spec.loader)["exec_module"] = exec_module
        return spec
