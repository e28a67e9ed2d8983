"""Keeps the ledger, a file that lists each model before a live run creates it. After a crash, the file still has them
all.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import requests
from requests.adapters import BaseAdapter

from ...transport.forwarding import ForwardingAdapter
from ...transport.tuning_calls import created_name, deleted_model, is_create, requested_display_name, requested_name
from ..scopes import PREFIX

DEFAULT = Path("tunedmodels-ledger.jsonl")
"""The default path of the ledger."""

_READERS_TOO = 0o644
_BEGINNING = '{"event": "'  # the start of every line
_FIELDS = ("host", "by", "at", "name", "display_name")
# The attribute of an entry that each event sets.
_ATTRIBUTES = {"made": "created", "refused": "refused", "deleted": "deleted", "gone": "confirmed_gone"}


class LedgerError(ValueError):
    """The ledger cannot be read or written, or it says that a model is left."""


@dataclass(frozen=True)
class Entry:
    """One create call: its *run*, its *number* in the run, its *host*, its *caller*, its time (*at*), and its outcome.

    *name* is the name of the model, if it is known. *created* and *refused* are the service's answers to the create
    call. *deleted* means that the service confirmed a delete call, *confirmed_gone* that the model was not found
    afterwards.
    """

    run: str
    number: int
    host: str
    caller: str
    at: str
    name: str = ""
    display_name: str = ""
    created: bool = False
    refused: bool = False
    deleted: bool = False
    confirmed_gone: bool = False

    @property
    def is_open(self) -> bool:
        """Whether the model exists or may exist."""
        return not self.refused and not self.confirmed_gone

    @property
    def is_ours(self) -> bool:
        """Whether the model is certainly of this run: the service confirmed its creation, or its name contains
        the run.
        """
        return bool(self.name) and (self.created or self.name.startswith(f"tunedModels/{PREFIX}{self.run}"))

    def __str__(self) -> str:
        """Describe the create call for the user."""
        name = self.name or f"a model with the display name {self.display_name!r} (its create call got no answer)"
        return f"{name}, of {self.at}, by {self.caller} at {self.host}"


@dataclass
class Ledger:
    """The ledger of one *run* at *host*, in the file at *path*. Other runs may write to the same file."""

    path: Path
    run: str
    host: str
    _count: int = field(default=0, init=False)

    def begin(self, caller: str, name: str, display_name: str) -> int:
        """Write an entry for a create call that is about to be sent, and return its number."""
        self._count += 1
        at = datetime.now(timezone.utc).isoformat(timespec="seconds")
        values = (self.host, caller, at, name, display_name)
        self._write("sending", self._count, **dict(zip(_FIELDS, values, strict=True)))
        return self._count

    def record(self, event: str, number: int, **fields: Any) -> None:
        """Write what happened to a create call or its model. *event* is made, refused, unanswered, deleted or gone."""
        self._write(event, number, **fields)

    def open_entries(self) -> list[Entry]:
        """Return the create calls of this run whose models exist or may exist."""
        return [entry for entry in read(self.path) if entry.run == self.run and entry.is_open]

    def entries_of(self, name: str) -> list[Entry]:
        """Return the create calls of this run that made the model *name* and that no delete call follows."""
        return [entry for entry in self.open_entries() if entry.created and entry.name == name and not entry.deleted]

    def _write(self, event: str, number: int, **fields: Any) -> None:
        line = json.dumps({"event": event, "run": self.run, "number": number, **fields}) + "\n"
        text = (b"\n" if _is_cut(self.path) else b"") + line.encode()
        # Write the whole line at once, because several runs may have the file open.
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _READERS_TOO)
        try:
            if os.write(descriptor, text) < len(text):
                raise LedgerError(f"{self.path}: the disk is full; free some space")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read(path: Path) -> list[Entry]:
    """Return the create calls of all runs in the ledger at *path*; none if there is no file.

    Raises LedgerError if the file is not a ledger. Skip a line that a crash has cut: its request was not sent yet.
    """
    entries: dict[tuple[str, int], Entry] = {}
    for line in _lines(path):
        key = (line["run"], line["number"])
        event = line["event"]
        if event == "sending":
            host, caller, at, name, display_name = (str(line.get(field, "")) for field in _FIELDS)
            entries[key] = Entry(*key, host, caller, at, name, display_name)
        elif key in entries and event in _ATTRIBUTES:
            changes: dict[str, Any] = {_ATTRIBUTES[event]: True}
            entries[key] = replace(entries[key], name=str(line.get("name") or entries[key].name), **changes)
    return list(entries.values())


def _lines(path: Path) -> Iterator[Mapping[str, Any]]:
    if not path.exists():
        return
    for number, text in enumerate(path.read_text(encoding="utf-8", errors="replace").split("\n"), 1):
        if not text:
            continue
        try:
            line = json.loads(text)
        except ValueError:
            if text.startswith(_BEGINNING) or _BEGINNING.startswith(text):
                continue
            line = None
        if isinstance(line, dict) and isinstance(line.get("run"), str) and isinstance(line.get("number"), int):
            yield line
        else:
            raise LedgerError(f"{path}: line {number} is not a ledger entry; name another file or move this one")


def _is_cut(path: Path) -> bool:
    """Return whether the last line has no line break."""
    if not path.exists() or not path.stat().st_size:
        return False
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"


class LedgerAdapter(ForwardingAdapter):
    """An adapter that writes each create call to *ledger* before it sends it, and the result after it.

    *caller_name* returns the name of the caller of a request.
    """

    def __init__(
        self,
        ledger: Ledger,
        adapter: BaseAdapter | None = None,
        *,
        caller_name: Callable[[requests.PreparedRequest], str] = lambda _request: "caller",
    ) -> None:
        super().__init__(adapter)
        self._ledger = ledger
        self._caller_name = caller_name

    def send(self, request: requests.PreparedRequest, *how: Any, **more: Any) -> requests.Response:
        """Send *request*. If it creates or deletes a model, write that to the ledger."""
        name = deleted_model(request)
        if name:
            response = super().send(request, *how, **more)
            if response.status_code == 200:
                for entry in self._ledger.entries_of(name):
                    self._ledger.record("deleted", entry.number)
            return response
        if not is_create(request):
            return super().send(request, *how, **more)
        name = requested_name(request)
        number = self._ledger.begin(self._caller_name(request), name, requested_display_name(request))
        try:
            response = super().send(request, *how, **more)
            model_name = created_name(response) or name  # this reads the answer to its end
        except BaseException:
            self._ledger.record("unanswered", number)
            raise
        if 400 <= response.status_code < 500:
            self._ledger.record("refused", number, status=response.status_code)
        elif 200 <= response.status_code < 300:
            self._ledger.record("made", number, name=model_name)
        else:  # the model may exist
            self._ledger.record("unanswered", number, status=response.status_code)
        return response
