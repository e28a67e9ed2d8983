"""Checks that a canned rule can match a call of some model that a server has or may get."""

from __future__ import annotations

import string
from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase

from ..base_models import PREFIX
from ..resource_names import TUNED_MODELS
from ..strict_input import BadInput, nearest
from .rules import Rule

_WILDCARDS = "*?[]!"
_IN_TUNED_IDS = frozenset(string.ascii_lowercase + string.digits + "-" + _WILDCARDS)


def check_models(rules: Iterable[Rule], base_models: Collection[str]) -> None:
    """Raise BadInput for the first of *rules* whose ``when.model`` can match no model, now or later.

    *base_models* are the resource names of the server's base models. A tuned model may be created after the rule, so
    every name that a tuned model can have passes.
    """
    for number, rule in enumerate(rules, start=1):
        model = rule.when.model
        if model is None or _may_be_tuned(model) or any(_matches(model, name) for name in base_models):
            continue
        ids = [name.removeprefix(PREFIX) for name in base_models]
        raise BadInput(
            f"Rule {number}: no model matches when.model {model!r}{nearest(model.removeprefix(PREFIX), ids)}. "
            "models.list shows the base models; add one with --base-model."
        )


def _matches(pattern: str, name: str) -> bool:
    return fnmatchcase(name if "/" in pattern else name.removeprefix(PREFIX), pattern)


def _may_be_tuned(pattern: str) -> bool:
    collection, slash, tail = pattern.rpartition("/")
    return _IN_TUNED_IDS.issuperset(tail) and (not slash or fnmatchcase(TUNED_MODELS.rstrip("/"), collection))
