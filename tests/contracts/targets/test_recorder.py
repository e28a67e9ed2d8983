"""Tests which scopes the recorder of the target live writes to files."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from tunedmodels_contracts.recordings import load
from tunedmodels_contracts.recordings.held_clauses import held_clauses
from tunedmodels_contracts.targets.live.recorder import Recorder, UnwrittenRecordings
from tunedmodels_contracts.targets.scopes import ScopeTracker

LARGE = 2 * 1024 * 1024


class Echo(BaseHTTPRequestHandler):
    """Answers with the path of the request, or with a large body."""

    def do_GET(self) -> None:
        body = b"{}" + b" " * LARGE if self.path == "/large" else f'{{"path": "{self.path}"}}'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class calls it so
        """Log nothing."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(10)


class RecordingSession:
    """A session with a recorder in it."""

    def __init__(self, folder: Path, url: str, *secrets: str) -> None:
        self.scopes = ScopeTracker("abc123")
        self.recorder = Recorder(folder, self.scopes, stand_in=True, secrets=lambda: secrets)
        self.folder = folder
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.mount(url, self.recorder)

    def run_clause(self, name: str, path: str, *, held: bool = True, shared: tuple[str, ...] = ()) -> None:
        """Run the scope *name*, which gets *path* if there is one, and then report whether its clause *held*."""
        with self.scopes.open_scope(name):
            if path:
                self.session.get(f"{self.url}{path}")
        self.recorder.on_judged(name, "/".join(name.split("/")[:2]), shared, held)

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("*")) if self.folder.exists() else []


@pytest.fixture
def session(tmp_path: Path, url: str) -> Iterator[RecordingSession]:
    recording_session = RecordingSession(tmp_path / "recordings", url, "a-secret-of-ours")
    with recording_session.session:
        yield recording_session


def test_clauses_that_held_are_written(session: RecordingSession) -> None:
    """The recording of a clause that held is written at once, with its name and its variables. No other is."""
    with session.scopes.open_scope("a/one"):
        model_id = session.scopes.new_id()
    session.run_clause("a/one", f"/v1beta/tunedModels/{model_id}")
    session.run_clause("a/two", "/v1beta/tunedModels", held=False)
    session.run_clause("a/three", "")

    assert session.files() == ["a.one.yaml"]
    recording = load(session.folder / "a.one.yaml")
    assert recording.variables == {"run": "abc123", "a/one-1": model_id}
    assert held_clauses(recording.provenance) == ("a/one",)
    assert (recording.provenance.kind, recording.provenance.stand_in) == ("hand-written", True)


def test_shared_run_names_the_clauses_that_held(session: RecordingSession) -> None:
    """Shared runs that did not fail are written at the end. They name the clauses of which all cases held."""
    with session.scopes.open_scope("runs/finished"):
        session.session.get(f"{session.url}/v1beta/operations")
    try:
        with session.scopes.open_scope("runs/failed"):
            session.session.get(f"{session.url}/v1beta/operations")
            raise KeyError
    except KeyError:
        pass
    for name, held in (("a/one/x", True), ("a/two/x", True), ("a/two/y", False)):
        session.run_clause(name, "", held=held, shared=("runs/finished",))
    session.recorder.finish()

    assert session.files() == ["runs.finished.yaml"]
    assert held_clauses(load(session.folder / "runs.finished.yaml").provenance) == ("a/one",)


def test_last_clause_is_judged_after_finish(session: RecordingSession) -> None:
    """The shared runs end before the last clause is judged, so their recordings are written again."""
    with session.scopes.open_scope("runs/finished"):
        session.session.get(f"{session.url}/v1beta/operations")
    session.run_clause("a/one", "", shared=("runs/finished",))
    session.recorder.finish()
    session.run_clause("a/two", "", shared=("runs/finished",))
    session.run_clause("a/one", "", held=False, shared=("runs/finished",))

    assert held_clauses(load(session.folder / "runs.finished.yaml").provenance) == ("a/two",)


def test_requests_between_scopes_are_not_recorded(session: RecordingSession) -> None:
    """Requests outside of all scopes are in no recording."""
    session.session.get(f"{session.url}/v1beta/tunedModels")
    session.recorder.finish()

    assert session.files() == []


def test_large_or_incomplete_recordings_are_skipped(session: RecordingSession) -> None:
    """A scope with a large answer, or with one that was not read to its end, gets no recording."""
    session.run_clause("a/large", "/large")
    with session.scopes.open_scope("a/half"), session.session.get(f"{session.url}/large", stream=True):
        pass
    session.recorder.on_judged("a/half", "a/half", (), True)
    session.recorder.finish()

    assert session.files() == []


def test_possible_secrets_are_not_written(session: RecordingSession) -> None:
    """A known secret is scrubbed. A text that looks like a secret fails the run and is not written."""
    session.run_clause("a/known", "/v1beta/tunedModels?filter=a-secret-of-ours")
    session.run_clause("a/unknown", "/v1beta/Zm9vYmFyMTIzNDU2Nzg5MEFCQ0RFRkdISUpLTE1OTw")

    assert "a-secret-of-ours" not in (session.folder / "a.known.yaml").read_text(encoding="utf-8")
    with pytest.raises(
        UnwrittenRecordings, match=r"These recordings were not written:\na\.unknown\.yaml: .* looks like a secret"
    ):
        session.recorder.finish()
    assert session.files() == ["a.known.yaml"]
