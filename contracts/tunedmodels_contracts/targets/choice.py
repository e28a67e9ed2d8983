"""The choice of a target by pytest's options."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from .. import anonymous
from ..clause import clause_of
from ..ledger import DEFAULT
from ..spend import Spend, SpendError, order
from .fake import fake
from .live import Asked, live
from .replay import PUBLISHED, replay
from .target import Target, TargetError
from .url import url

_BAD_USAGE = 4  # as pytest ends where it was called wrongly

# The options that mean nothing to most targets; to say nothing of it would hide that something was not done.
_OF_TARGET = {
    "url": "url",
    "token": "url",
    "key": "url",
    "second_token": "url, live",
    "base_model": "url, live",
    "bound": "url, live",
    "pause": "url, live",
    "recordings": "replay",
    "record": "live",
    "spend": "live",
    "anonymous": "live",
    "ledger": "live",
}


@contextmanager
def chosen(config: pytest.Config) -> Iterator[Target]:
    """Open the target that the options name, and close it in the end. A refusal ends the session, with its reason."""
    try:
        check(config)
        opened = _opened(config)
        target = opened.__enter__()
    except (TargetError, ValueError) as error:
        pytest.exit(f"{error}", _BAD_USAGE)
    try:
        yield target
    finally:
        opened.__exit__(None, None, None)


def check(config: pytest.Config) -> None:
    """Raise UsageError for options that do not go together."""
    kind = _kind(config)
    for name, targets in _OF_TARGET.items():
        if _option(config, name) not in (None, False, "") and kind not in targets.split(", "):
            option = f"--tunedmodels-{name.replace('_', '-')}"
            raise pytest.UsageError(f"{option} is for the target {targets.replace(', ', ' or ')}, and this is {kind}")
    if kind == "url" and not _option(config, "url"):
        raise pytest.UsageError("the target url needs --tunedmodels-url, such as http://127.0.0.1:9480")
    if kind == "live" and hasattr(config, "workerinput"):
        raise pytest.UsageError("the target live is asked by one process, so that what it spends is counted: -n 0")
    try:
        _spend(config)
    except SpendError as error:
        raise pytest.UsageError(str(error)) from None


def arrange(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Check the options, leave out what they do not pay for, and put first what costs least. Raises UsageError."""
    check(config)
    if _kind(config) != "live":
        return
    spend = _spend(config) or Spend()
    leaves_out = anonymous.leaves_out if _option(config, "anonymous") else spend.leaves_out
    turns: dict[pytest.Item, int] = {}
    for item in items:
        clause = clause_of(item)
        if clause:
            turns[item] = order(clause, getattr(item, "fixturenames", ()))
            reason = leaves_out(clause)
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))
    items.sort(key=lambda item: turns.get(item, 0))


def _opened(config: pytest.Config) -> AbstractContextManager[Target]:
    kind = _kind(config)
    how: dict[str, Any] = {
        name: _option(config, name)
        for name in ("second_token", "base_model", "bound", "pause")
        if _option(config, name) is not None
    }
    if kind == "url":
        named = {name: _option(config, name) or "" for name in ("token", "key")}
        return url(_option(config, "url"), **{**named, **how})
    if kind == "replay":
        return replay(Path(_option(config, "recordings") or PUBLISHED), left_out=pytest.skip)
    if kind == "live":
        record = _option(config, "record")
        asked = Asked(
            spend=_spend(config),
            ledger=Path(_option(config, "ledger") or DEFAULT),
            record=Path(record) if record else None,
            anonymously=bool(_option(config, "anonymous")),
            **how,
        )
        return live(asked, pytest.skip)
    return _closing(fake())


@contextmanager
def _closing(target: Target) -> Iterator[Target]:
    with target.session:
        yield target


def _kind(config: pytest.Config) -> str:
    kind = _option(config, "target")
    return str(kind or ("url" if _option(config, "url") else "fake"))


def _spend(config: pytest.Config) -> Spend | None:
    text = _option(config, "spend")
    return Spend.parse(text) if text else None


def _option(config: pytest.Config, name: str) -> Any:
    return config.getoption(f"tunedmodels_{name}")
