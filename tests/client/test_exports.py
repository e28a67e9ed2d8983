"""The public face of the package."""

import inspect

import tunedmodels
from tunedmodels import errors


def test_all_is_sorted_and_complete() -> None:
    """__all__ lists every public name, in order, and nothing that is not there."""
    public = [
        name for name, value in vars(tunedmodels).items() if not name.startswith("_") and not inspect.ismodule(value)
    ]

    assert tunedmodels.__all__ == sorted(public)


def test_every_error_is_exported() -> None:
    """Whoever catches an error finds it at the top of the package."""
    defined = {
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.TunedModelsError)
    }

    assert defined <= set(tunedmodels.__all__)


def test_every_public_name_has_a_docstring() -> None:
    """help() says something about each name, its methods and its properties."""
    silent = []
    for name in tunedmodels.__all__:
        value = getattr(tunedmodels, name)
        members = {f"{name}.{member}": inner for member, inner in vars(value).items() if not member.startswith("_")}
        silent += [
            path
            for path, inner in {name: value, **members}.items()
            if (inspect.isroutine(inner) or isinstance(inner, (type, property))) and not inspect.getdoc(inner)
        ]

    assert silent == []
