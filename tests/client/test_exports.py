"""The package exports its public names, with their docstrings."""

from __future__ import annotations

import ast
import inspect
import itertools
import re
from importlib.metadata import version
from typing import Any

import pytest

import tunedmodels
from tunedmodels import Message, OpenEnum, _exports, errors


def classes() -> dict[str, type]:
    """Return the public classes by name; errors is a module."""
    return {name: getattr(tunedmodels, name) for name in tunedmodels.__all__ if name != "errors"}


def type_checker_names() -> dict[str, str]:
    """Return the names that type checkers see in the package, and their modules."""
    names = {}
    for node in ast.parse(inspect.getsource(_exports)).body[1:]:
        assert isinstance(node, ast.ImportFrom)
        for alias in node.names:
            assert alias.asname == alias.name, "without this, a type checker takes the name for private"
            names[alias.name] = f"tunedmodels.{node.module}" if node.module else "tunedmodels"
    return names


def test_all_is_complete() -> None:
    """__all__ has the names that type checkers see, in alphabetical order."""
    assert tunedmodels.__all__ == sorted(type_checker_names())


def test_type_checkers_see_the_same_classes() -> None:
    """Each class is of the module that type checkers see."""
    modules = {name: kind.__module__ for name, kind in classes().items()}

    assert {**modules, "errors": "tunedmodels"} == type_checker_names()
    assert tunedmodels.errors is errors


def test_every_name_can_be_imported() -> None:
    """dir() and a star import have all names."""
    space: dict[str, object] = {}
    exec("from tunedmodels import *", space)

    assert set(tunedmodels.__all__) <= set(dir(tunedmodels))
    assert {name: space[name] for name in classes()} == classes()


def test_version() -> None:
    """The version is that of the distribution."""
    assert tunedmodels.__version__ == version("tunedmodels")
    assert "__version__" in dir(tunedmodels)


def test_unknown_name() -> None:
    """An unknown name raises the usual error."""
    with pytest.raises(AttributeError, match="module 'tunedmodels' has no attribute 'Clint'"):
        tunedmodels.Clint  # noqa: B018 - the mistake that is tested


def test_every_error_is_exported() -> None:
    """The package exports every error and warning."""
    kinds = {kind.__name__ for kind in vars(errors).values() if getattr(kind, "__module__", "") == errors.__name__}

    assert {name for name in kinds if not name.startswith("_")} <= set(tunedmodels.__all__)


def test_every_message_is_exported() -> None:
    """The package exports every message and enum."""

    def below(kind: type[Any]) -> set[type[Any]]:
        return {kind}.union(*map(below, kind.__subclasses__()))

    kinds = below(Message) | below(OpenEnum)
    ours = {kind.__name__ for kind in kinds if kind.__module__.startswith("tunedmodels.")}

    assert ours <= set(tunedmodels.__all__)


def test_every_public_name_has_a_docstring() -> None:
    """Each public name has a docstring, and so have its methods and properties."""
    missing = []
    for name, value in classes().items():
        members = {f"{name}.{member}": inner for member, inner in vars(value).items() if not member.startswith("_")}
        missing += [
            path
            for path, inner in {name: value, **members}.items()
            if (inspect.isroutine(inner) or isinstance(inner, (type, property))) and not inspect.getdoc(inner)
        ]

    assert missing == []


def test_no_docstring_is_a_signature() -> None:
    """No dataclass has the signature that Python makes for a missing docstring."""
    assert [name for name, kind in classes().items() if (kind.__doc__ or "").startswith(f"{name}(")] == []


def test_every_field_of_a_message_is_explained() -> None:
    """Each field has a comment above it."""
    missing = []
    for name, kind in classes().items():
        if not issubclass(kind, Message):
            continue
        explained = {
            match[1]
            for above, line in itertools.pairwise(inspect.getsource(kind).splitlines())
            if above.strip().startswith("#: ") and (match := re.match(r" +(\w+): ", line))
        }
        missing += [f"{name}.{field}" for field in set(inspect.get_annotations(kind)) - explained]

    assert missing == []


def test_only_errors_is_not_a_class() -> None:
    """The package has no function for its configuration, and no default client."""
    assert [name for name, kind in classes().items() if not inspect.isclass(kind)] == []
