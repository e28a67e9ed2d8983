"""Records the answers of the service in a file for each clause that held."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import requests

from ...recordings import RecordingError, Tape, record, save
from ...recordings.held_clauses import note_of
from ...transport.forwarding import ForwardingAdapter
from ..scopes import Scope, ScopeTracker, recording_name

_LOG = logging.getLogger(__name__)

_MAX_SIZE = 1024 * 1024  # bytes of all that one scope sent and received; a larger file is too long to read


class UnwrittenRecordings(ValueError):
    """Recordings were not written. The message says which, and why."""


class Recorder(ForwardingAdapter):
    """An adapter that records each scope in *scopes*, and writes the recording of each clause that held into *folder*.

    It does not record requests between scopes, and does not write a recording that is incomplete or too large.
    *stand_in* says that the server is not the real service. *secrets* returns texts to keep out of files, beside those
    that look secret.
    """

    def __init__(
        self,
        folder: Path,
        scopes: ScopeTracker,
        *,
        stand_in: bool,
        secrets: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        super().__init__()
        self._folder = folder
        self._scopes = scopes
        self._stand_in = stand_in
        self._secrets = secrets
        self._tapes: dict[Scope, Tape] = {}
        self._problems: list[str] = []
        self._clauses_by_run: dict[str, dict[str, None]] = {}
        self._broken: set[str] = set()
        self._finished = False

    def send(self, request: requests.PreparedRequest, *how: Any, **more: Any) -> requests.Response:
        """Send *request*, and record it for the current scope."""
        scope = self._scopes.current
        if scope is None:
            return super().send(request, *how, **more)
        return self._tapes.setdefault(scope, Tape(self.adapter)).send(request, *how, **more)

    def on_judged(self, name: str, clause: str, shared: Sequence[str], held: bool) -> None:
        """Write the recording of the scope *name* of *clause* if the clause has *held*.

        A scope that sent nothing has no recording: the recordings of its *shared* scopes have what the clause looks at.
        """
        if held:
            for run in shared:
                self._clauses_by_run.setdefault(run, {})[clause] = None
            attempts = [scope for scope in self._tapes if scope.name == name]
            if attempts and attempts[-1] not in self._scopes.failed:
                self._write_recording(attempts[-1], [clause])
        else:
            self._broken.add(clause)
        if self._finished:  # the last clause is judged after its teardown, in which the session has already ended
            self.finish()

    def finish(self) -> None:
        """Write the recordings of shared runs. Raises UnwrittenRecordings if any recording of the session could not be
        written.
        """
        self._finished = True
        for scope in self._tapes:
            if scope.is_shared and scope not in self._scopes.failed:
                self._write_recording(
                    scope, [name for name in self._clauses_by_run.get(scope.name, ()) if name not in self._broken]
                )
        if self._problems:
            raise UnwrittenRecordings("\n".join(["These recordings were not written:", *self._problems]))

    def _write_recording(self, scope: Scope, clauses: Sequence[str]) -> None:
        tape = self._tapes[scope]
        name = recording_name(scope.name)
        size = sum(len(exchange.request.body) + len(exchange.response.body) for exchange in tape.exchanges)
        reason = next(iter(tape.incomplete), f"it has {size} bytes" if size > _MAX_SIZE else "")
        if reason or not tape.exchanges:
            _LOG.info("Wrote no recording of %s: %s", scope.name, reason or "it sent no request")
            return
        sent_text = "\n".join(
            f"{exchange.request.url}\n{exchange.request.body.decode('latin-1')}" for exchange in tape.exchanges
        )
        try:
            recording = record(
                name,
                tape,
                source=f"the contract suite, {scope.name}",
                captured=date.today(),
                stand_in=self._stand_in,
                variables=self._scopes.variables(sent_text),
                secrets=self._secrets(),
            )
            provenance = replace(recording.provenance, note=note_of(clauses))
            recording = replace(recording, provenance=provenance).with_digest()
            self._folder.mkdir(parents=True, exist_ok=True)
            save(recording, self._folder / f"{name}.yaml")
        except (RecordingError, OSError) as error:
            self._problems.append(str(error))
