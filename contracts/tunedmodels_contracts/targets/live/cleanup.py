"""Deletes the models that a live run created, and checks that they are gone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import requests

from ...harness.api import Api
from ..scopes import PREFIX
from .budget import BudgetExceeded
from .ledger import Entry, Ledger, read

_TRIES = 4  # a deleted model can stay visible for a moment


@dataclass(frozen=True)
class CleanupResult:
    """The names of *deleted* models, descriptions of the *remaining* ones, each with the reason, and *unknown_models*.

    *unknown_models* have names like those of live runs, but the ledger does not list them. They are not deleted.
    """

    deleted: list[str] = field(default_factory=list)
    remaining: list[str] = field(default_factory=list)
    unknown_models: list[str] = field(default_factory=list)


def clean_up(
    path: Path,
    callers: Mapping[str, Api],
    host: str,
    run: str = "",
    *,
    pause: float = 1.0,
    sleep: Callable[[float], object] = time.sleep,
) -> CleanupResult:
    """Delete the models that the ledger at *path* lists for *host*, and record in it which of them are gone.

    *run* selects one run; an empty text selects all. *callers* are the callers that may have created the models.
    *pause* is the number of seconds between two checks that a model is gone. Report a model, but do not delete it, if
    the service never confirmed its creation and its name is not one of its run.
    """
    result = CleanupResult()
    for entry in read(path):
        if not entry.is_open or entry.host != host or run not in ("", entry.run):
            continue
        if not entry.is_ours:
            result.remaining.append(f"{entry}: it may not be ours; check it and delete it by hand")
            continue
        try:
            reason = _delete(entry, callers, pause, sleep)
        except (BudgetExceeded, requests.RequestException) as error:
            reason = f"{type(error).__name__}: {error}"
        if reason:
            result.remaining.append(f"{entry}: {reason}")
        else:
            ledger = Ledger(path, entry.run, entry.host)
            ledger.record("gone", entry.number)
            result.deleted.append(entry.name)
    return result


def find_unknown_models(path: Path, api: Api) -> list[str]:
    """Return the names of models that begin like those of live runs, but that the ledger at *path* does not list."""
    listed = {entry.name for entry in read(path)}
    names = [str(model.get("name", "")) for model in api.list_all("v1beta/tunedModels", {"pageSize": 1000})]
    return [name for name in names if name.startswith(f"tunedModels/{PREFIX}") and name not in listed]


def _delete(entry: Entry, callers: Mapping[str, Api], pause: float, sleep: Callable[[float], object]) -> str:
    """Delete the model of *entry*. Return an empty text once it is not found, else the reason why it may still
    exist.
    """
    reason = "there were no credentials to delete it with"
    is_deleted = entry.deleted
    for api in _creator_first(entry, callers):
        if not is_deleted:
            answer = api.delete(f"v1beta/{entry.name}")
            is_deleted = answer.status == 200
            reason = f"the delete call got status {answer.status}"
            if answer.status not in (200, 404):
                continue  # a transfer may have made the other user its owner
        for attempt in range(_TRIES):
            if attempt:
                sleep(pause)
            answer = api.get(f"v1beta/{entry.name}")
            if answer.status == 404:
                return ""
            reason = f"after the delete call, get still returned status {answer.status}"
    return reason


def _creator_first(entry: Entry, callers: Mapping[str, Api]) -> Iterable[Api]:
    return [api for _, api in sorted(callers.items(), key=lambda item: item[0] != entry.caller)]
