"""Settling: what a live run has made is deleted, and proved gone."""

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

_TRIES = 4  # a deleted model may be seen for a moment


@dataclass(frozen=True)
class CleanupResult:
    """What became of what was noted: models that are proved *gone*, those *left* and why, and *unknown_models*.

    *unknown_models* are named as ours are, and the ledger does not know them: they are left alone.
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
    """Delete what the ledger at *path* says was made at *host*, by *run* or by all, and note what is gone.

    *callers* are who may have made it. What the service never said was made, and has a name that is not of a run of
    ours, is left alone and told.
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
    """Return the names of models that begin as ours do, and that the ledger at *path* does not know."""
    known = {entry.name for entry in read(path)}
    names = [str(model.get("name", "")) for model in api.listed("v1beta/tunedModels", {"pageSize": 1000})]
    return [name for name in names if name.startswith(f"tunedModels/{PREFIX}") and name not in known]


def _delete(entry: Entry, callers: Mapping[str, Api], pause: float, sleep: Callable[[float], object]) -> str:
    """Delete the model of *entry* and return nothing once it is not found, else why it is not known to be gone."""
    said = "nobody was there to ask"
    deleted = entry.deleted
    for api in _makers_first(entry, callers):
        if not deleted:
            answer = api.delete(f"v1beta/{entry.name}")
            deleted = answer.status == 200
            said = f"to delete it is answered {answer.status}"
            if answer.status not in (200, 404):
                continue  # it may have been handed to the other
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
