"""Selects and opens a target by pytest's options."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tunedmodels.connection import Address

from ..clauses.clause import clause_of
from ..options import PLUGIN, TARGETS_OF_OPTION, attribute
from .fake import fake
from .live import anonymous
from .live.budget import Budget, BudgetError, cheapest_first
from .live.ledger import DEFAULT, LedgerError
from .live.target import LiveOptions, live, obstacles
from .replay import PUBLISHED, replay
from .target import Target, TargetError
from .url import url

_BAD_USAGE = 4  # pytest's exit status for wrong usage


@contextmanager
def open_target(config: pytest.Config) -> Iterator[Target]:
    """Open the target that the options name, and close it at the end. If it cannot be opened, end the session with the
    reason.
    """
    with ExitStack() as stack:
        target: Target | str
        try:
            check(config)
            target = stack.enter_context(_open(config))
        except (TargetError, ValueError) as error:
            target = str(error)
        if isinstance(target, str):  # outside the handler, so that the output does not show the cause as well
            _end_session(config, target)
        config.hook.pytest_tunedmodels_target(target=target)
        yield target


def _end_session(config: pytest.Config, why: str) -> NoReturn:
    session = config.pluginmanager.get_plugin("session")
    if hasattr(config, "workerinput") and session is not None:  # xdist reports a worker that exits as crashed
        session.shouldfail = why
        pytest.fail(why, pytrace=False)
    pytest.exit(why, _BAD_USAGE)


def kind(config: pytest.Config) -> str:
    """Return the kind of target that the options name: ``url`` if they only give a URL, ``fake`` if they give
    nothing.
    """
    target = _option(config, "target")
    return str(target or ("url" if _option(config, "url") else "fake"))


def check(config: pytest.Config) -> None:
    """Raise UsageError if the options do not go together, or if the target live cannot be used."""
    chosen_kind = kind(config)
    for name, targets in TARGETS_OF_OPTION.items():
        value = _option(config, name)
        if value is not None and value is not False and value != "" and chosen_kind not in targets:
            option = f"--tunedmodels-{name}"
            raise pytest.UsageError(
                f"{option} works only with the target {' or '.join(targets)}, not with {chosen_kind}"
            )
    _check_seconds(config)
    if chosen_kind == "url":
        _check_url(_option(config, "url"))
    if chosen_kind != "live":
        return
    if hasattr(config, "workerinput") or config.getoption("numprocesses", None):
        raise pytest.UsageError("the target live counts its costs in one process; run with -n 0")
    try:
        problems = obstacles(_live_options(config))
    except (BudgetError, TargetError, LedgerError) as error:
        raise pytest.UsageError(str(error)) from None
    if problems:
        raise pytest.UsageError("\n".join(problems))


def _check_seconds(config: pytest.Config) -> None:
    bound, pause = _option(config, "bound"), _option(config, "pause")
    if bound is not None and not 0 < bound < float("inf"):
        raise pytest.UsageError(
            f"--tunedmodels-bound: {bound:g} is invalid; give a number of seconds above 0, such as 600"
        )
    if pause is not None and not 0 <= pause < float("inf"):
        raise pytest.UsageError(
            f"--tunedmodels-pause: {pause:g} is invalid; give a number of seconds of 0 or more, such as 1"
        )


def _check_url(base_url: str | None) -> None:
    if not base_url:
        raise pytest.UsageError("the target url needs --tunedmodels-url, such as http://127.0.0.1:9480")
    try:
        Address(base_url)
    except ValueError as error:  # now: the summary would repeat the URL with its password
        raise pytest.UsageError(f"--tunedmodels-url: {error}") from None


def skip_and_sort(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Check the options. On the target live, skip the clauses that they exclude and put the cheapest first. Raises
    UsageError.
    """
    check(config)
    if kind(config) != "live":
        return
    budget = _budget(config) or Budget()
    reason_for = anonymous.skip_reason if _option(config, "anonymous") else budget.skip_reason
    positions: dict[pytest.Item, int] = {}
    for item in items:
        clause = clause_of(item)
        if clause:
            positions[item] = cheapest_first(clause, getattr(item, "fixturenames", ()))
            reason = reason_for(clause)
            if reason:
                item.add_marker(pytest.mark.skip(reason=reason))
    items.sort(key=lambda item: positions.get(item, 0))


def _open(config: pytest.Config) -> AbstractContextManager[Target]:
    chosen_kind = kind(config)
    if chosen_kind == "url":
        credentials = {name: _option(config, name) or "" for name in ("token", "key")}
        return url(_option(config, "url"), **{**credentials, **_common_options(config)})
    if chosen_kind == "replay":
        return replay(Path(_option(config, "recordings") or PUBLISHED), skip=pytest.skip)
    if chosen_kind == "live":
        return live(_live_options(config), pytest.skip)
    return _close_after(fake())


@contextmanager
def _close_after(target: Target) -> Iterator[Target]:
    with target.session:
        yield target


def _live_options(config: pytest.Config) -> LiveOptions:
    record = _option(config, "record")
    return LiveOptions(
        budget=_budget(config),
        ledger=Path(_option(config, "ledger") or DEFAULT),
        record=Path(record) if record else None,
        anonymous=bool(_option(config, "anonymous")),
        **_common_options(config),
    )


def _common_options(config: pytest.Config) -> dict[str, Any]:
    names = ("second-token", "base-model", "bound", "pause")
    values = {name.replace("-", "_"): _option(config, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def _budget(config: pytest.Config) -> Budget | None:
    text = _option(config, "spend")
    return Budget.parse(text) if text else None


def _option(config: pytest.Config, name: str) -> Any:
    if not hasattr(config.option, attribute(name)):
        raise pytest.UsageError(f"The suite needs its own plugin: add -p {PLUGIN}")
    return config.getoption(attribute(name))
