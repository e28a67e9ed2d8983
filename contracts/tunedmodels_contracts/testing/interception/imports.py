"""Calls a function with a module as soon as this process imports it. The import may never happen."""

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

    If no code imports the module during the block, *act* is not called.
    """
    finder = _Finder(name, act)
    sys.meta_path.insert(0, finder)
    try:
        if sys.modules.get(name) is not None:
            finder.end()
            act(importlib.import_module(name))  # waits if another thread is still importing it
        yield
    finally:
        finder.end()


class _Finder(MetaPathFinder):
    """A finder that gets the module *name* from the other finders, and calls *act* after the module is executed."""

    def __init__(self, name: str, act: Callable[[Any], object]) -> None:
        self._name = name
        self._act = act
        self._ended = False

    def end(self) -> None:
        """Stop finding the module and calling *act*."""
        self._ended = True
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of the other finders for the module, and None for any other module."""
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
