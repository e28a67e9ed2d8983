"""Reads the options of a test's world from the test's marks and from the ini-file of the project."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

import pytest

from ..did_you_mean import unknown_name
from .checks import SEVERITIES

MARK = "tunedmodels"
_ARGUMENTS = ("leaks", "verdict", "serve_args")
_OFF = "off"


@dataclass(frozen=True)
class WorldOptions:
    """The options of a test's world.

    If ``leaks`` is true, remaining models fail the test. ``verdict`` is the lowest severity of a finding that fails
    it; if it is empty, no finding does. ``serve_args`` are the arguments of the test's server.
    """

    leaks: bool
    verdict: str
    serve_args: tuple[str, ...]


def world_options(item: pytest.Item) -> WorldOptions:
    """Return the options for *item*.

    The test's own mark comes before the mark of its class or module, and the ini-file comes last. Raises
    pytest.UsageError for an unknown or invalid option.
    """
    values: dict[str, Any] = {}
    for mark in item.iter_markers(MARK):
        for name, value in mark.kwargs.items():
            if name not in _ARGUMENTS:
                raise pytest.UsageError(f"@pytest.mark.{MARK}: {unknown_name('argument', name, _ARGUMENTS)}")
            values.setdefault(name, value)
        if mark.args:
            raise pytest.UsageError(f"@pytest.mark.{MARK} takes {', '.join(_ARGUMENTS)} by name, got {mark.args!r}.")
    config = item.config
    verdict = str(values.get("verdict") or config.getini("tunedmodels_verdict"))
    if verdict not in (*SEVERITIES, _OFF):
        raise pytest.UsageError(f"verdict must be {', '.join(SEVERITIES)} or {_OFF}, got {verdict!r}.")
    arguments = values.get("serve_args", config.getini("tunedmodels_serve_args"))
    words = shlex.split(arguments) if isinstance(arguments, str) else arguments
    return WorldOptions(
        leaks=bool(values.get("leaks", config.getini("tunedmodels_leaks"))),
        verdict="" if verdict == _OFF else verdict,
        serve_args=tuple(map(str, words)),
    )
