"""Wishes: what a test, by its mark, or a project, by its ini-file, wants of the fixtures."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

import pytest

from ..did_you_mean import unknown_name
from .checks import SEVERITIES

MARK = "tunedmodels"
_KNOWN = ("leaks", "verdict", "serve_args")
_OFF = "off"


@dataclass(frozen=True)
class WorldOptions:
    """What fails a test at its end besides faults and misses, and with which arguments its server runs.

    ``verdict`` is the least severity of a finding that fails it; empty for none.
    """

    leaks: bool
    verdict: str
    serve_args: tuple[str, ...]


def world_options(item: pytest.Item) -> WorldOptions:
    """Return those for *item*: its own mark before that of its class or module, and the ini-file last.

    Raises pytest.UsageError for what is none.
    """
    given: dict[str, Any] = {}
    for mark in item.iter_markers(MARK):
        for name, value in mark.kwargs.items():
            if name not in _KNOWN:
                raise pytest.UsageError(f"@pytest.mark.{MARK}: {unknown_name('argument', name, _KNOWN)}")
            given.setdefault(name, value)
        if mark.args:
            raise pytest.UsageError(f"@pytest.mark.{MARK} takes {', '.join(_KNOWN)} by name, got {mark.args!r}.")
    config = item.config
    verdict = str(given.get("verdict") or config.getini("tunedmodels_verdict"))
    if verdict not in (*SEVERITIES, _OFF):
        raise pytest.UsageError(f"verdict must be {', '.join(SEVERITIES)} or {_OFF}, got {verdict!r}.")
    arguments = given.get("serve_args", config.getini("tunedmodels_serve_args"))
    words = shlex.split(arguments) if isinstance(arguments, str) else arguments
    return WorldOptions(
        leaks=bool(given.get("leaks", config.getini("tunedmodels_leaks"))),
        verdict="" if verdict == _OFF else verdict,
        serve_args=tuple(map(str, words)),
    )
