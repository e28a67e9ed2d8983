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
    """The names of models that are *gone*, descriptions of those that are *left*, each with the reason, and
    *unknown_models*.

    *unknown_models* have names like those of live runs, but the ledger does not list them. They are not deleted.
    """

    gone: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
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
    """Delete the models that the ledger at *path* lists for *host*, and note in it which of them are gone.

    *run* selects one run; an empty text selects all. *callers* are the callers that may have created the models.
    *pause* is the number of seconds between two checks that a model is gone. Report a model, but do not delete it, if
    the service never confirmed its creation and its name is not one of its run.
    """
    settled = CleanupResult()
    for entry in read(path):
        if not entry.left or entry.host != host or run not in ("", entry.run):
            continue
        if not entry.sure:
            settled.left.append(f"{entry}: nobody knows whether it is ours; look, and delete it by hand")
            continue
        try:
            why = _delete(entry, callers, pause, sleep)
        except (BudgetExceeded, requests.RequestException) as error:
            why = f"{type(error).__name__}: {error}"
        if why:
            settled.left.append(f"{entry}: {why}")
        else:
            ledger = Ledger(path, entry.run, entry.host)
            ledger.note("gone", entry.number)
            settled.gone.append(entry.name)
    return settled


def find_unknown_models(path: Path, api: Api) -> list[str]:
    """Return the names of models that begin like those of live runs, but that the ledger at *path* does not list."""
    known = {entry.name for entry in read(path)}
    names = [str(model.get("name", "")) for model in api.list_all("v1beta/tunedModels", {"pageSize": 1000})]
    return [name for name in names if name.startswith(f"tunedModels/{PREFIX}") and name not in known]


def _delete(entry: Entry, callers: Mapping[str, Api], pause: float, sleep: Callable[[float], object]) -> str:
    """Delete the model of *entry*. Return an empty text once it is not found, else the reason why it may still
    exist.
    """
    said = "nobody was there to ask"
    deleted = entry.deleted
    for api in _makers_first(entry, callers):
        if not deleted:
            answer = api.delete(f"v1beta/{entry.name}")
            deleted = answer.status == 200
            said = f"to delete it is answered {answer.status}"
            if answer.status not in (200, 404):
                continue  # a transfer may have made the other user its owner
        for turn in range(_TRIES):
            if turn:
                sleep(pause)
            answer = api.get(f"v1beta/{entry.name}")
            if answer.status == 404:
                return ""
            said = f"after it was deleted, to get it is answered {answer.status}"
    return said


def _makers_first(entry: Entry, callers: Mapping[str, Api]) -> Iterable[Api]:
    return [api for _, api in sorted(callers.items(), key=lambda item: item[0] != entry.by)]
