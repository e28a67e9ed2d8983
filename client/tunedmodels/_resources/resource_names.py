"""Checks names of resources before a request is sent. A wrong name can change the path and reach another method."""

from __future__ import annotations

import re

from .._hints import Hint
from .._messages.model import Model
from .._messages.tuned_model import TunedModel

TUNED_MODELS = "tunedModels"
MODELS = "models"

_ID = r"(?!\.\.?(?:/|$))[^/?#\s:]+"  # the segments . and .. change the path


def tuned_model(model: str | TunedModel) -> str:
    """Return ``tunedModels/{id}`` for the same name, for the id alone, or for a TunedModel."""
    name = model.name if isinstance(model, TunedModel) else model
    if name.startswith(f"{MODELS}/"):
        raise ValueError(f"{name!r} is a base model, not a tuned model; {Hint.IS_BASE_MODEL.text}.")
    return _check(
        name if "/" in name else f"{TUNED_MODELS}/{name}",
        f"{TUNED_MODELS}/{_ID}",
        "A tuned model's name, unless it is the id alone,",
    )


def base_model(model: str | Model) -> str:
    """Return ``models/{id}`` for the same name, for the id alone, or for a Model."""
    name = model.name if isinstance(model, Model) else model
    if name.startswith(f"{TUNED_MODELS}/"):
        raise ValueError(f"{name!r} is a tuned model, not a base model; {Hint.IS_TUNED_MODEL.text}.")
    return _check(
        name if "/" in name else f"{MODELS}/{name}",
        f"{MODELS}/{_ID}",
        "A base model's name, unless it is the id alone,",
    )


def operation(name: str) -> str:
    """Return the name of an operation of a tuned model. Only the full name is valid."""
    return _check(name, f"{TUNED_MODELS}/{_ID}/operations/{_ID}", "An operation's name")


def permission(model: str, name: str) -> str:
    """Return the full name of a permission of *model*, for the full name or for the id alone."""
    full_name = name if "/" in name else f"{model}/permissions/{name}"
    return _check(full_name, f"{re.escape(model)}/permissions/{_ID}", "A permission's name, unless it is the id alone,")


def _check(name: str, pattern: str, what: str) -> str:
    if re.fullmatch(pattern, name) is None:
        raise ValueError(f"{what} has the form {_form(pattern)}; {name!r} does not.")
    return name


def _form(pattern: str) -> str:
    return pattern.replace(_ID, "{id}").replace("\\", "")
