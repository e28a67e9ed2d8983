"""Recording: a file for each part that held, and for nothing else."""

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
    """Answers with the path that it is asked for, or with much."""

    def do_GET(self) -> None:
        body = b"{}" + b" " * LARGE if self.path == "/large" else f'{{"path": "{self.path}"}}'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class calls it so
        """Say nothing."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(10)


class Recording:
    """A session with a recorder in it."""

    def __init__(self, folder: Path, url: str, *secrets: str) -> None:
        self.parts = ScopeTracker("abc123")
        self.recorder = Recorder(folder, self.parts, stand_in=True, secrets=lambda: secrets)
        self.folder = folder
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.mount(url, self.recorder)

    def part(self, name: str, path: str, *, held: bool = True, shared: tuple[str, ...] = ()) -> None:
        """Play the part called *name*, which asks for *path* where there is one, and then say whether it *held*."""
        with self.parts.part(name):
            if path:
                self.session.get(f"{self.url}{path}")
        self.recorder.on_judged(name, "/".join(name.split("/")[:2]), shared, held)

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("*")) if self.folder.exists() else []


@pytest.fixture
def made(tmp_path: Path, url: str) -> Iterator[Recording]:
    recording = Recording(tmp_path / "recordings", url, "a-secret-of-ours")
    with recording.session:
        yield recording


def test_what_held_is_kept(made: Recording) -> None:
    """A clause that held in all phases is a file at once, with its name and its variables; another is none."""
    with made.parts.part("a/one"):
        model_id = made.parts.new_id()
    made.part("a/one", f"/v1beta/tunedModels/{model_id}")
    made.part("a/two", "/v1beta/tunedModels", held=False)
    made.part("a/three", "")

    assert made.files() == ["a.one.yaml"]
    recording = load(made.folder / "a.one.yaml")
    assert recording.variables == {"run": "abc123", "a/one-1": model_id}
    assert held_clauses(recording.provenance) == ("a/one",)
    assert (recording.provenance.kind, recording.provenance.stand_in) == ("hand-written", True)


def test_a_shared_run_knows_which_clauses_held_with_it(made: Recording) -> None:
    """Shared runs are kept in the end, if they did not fail, with the clauses all of whose cases held."""
    with made.parts.part("runs/finished"):
        made.session.get(f"{made.url}/v1beta/operations")
    try:
        with made.parts.part("runs/failed"):
            made.session.get(f"{made.url}/v1beta/operations")
            raise KeyError
    except KeyError:
        pass
    for name, held in (("a/one/x", True), ("a/two/x", True), ("a/two/y", False)):
        made.part(name, "", held=held, shared=("runs/finished",))
    made.recorder.finish()

    assert made.files() == ["runs.finished.yaml"]
    assert held_clauses(load(made.folder / "runs.finished.yaml").provenance) == ("a/one",)


def test_the_last_clause_is_judged_after_the_end(made: Recording) -> None:
    """What is shared ends with the last clause, of which it is known only then whether it held."""
    with made.parts.part("runs/finished"):
        made.session.get(f"{made.url}/v1beta/operations")
    made.part("a/one", "", shared=("runs/finished",))
    made.recorder.finish()
    made.part("a/two", "", shared=("runs/finished",))
    made.part("a/one", "", held=False, shared=("runs/finished",))

    assert held_clauses(load(made.folder / "runs.finished.yaml").provenance) == ("a/two",)


def test_between_parts_nothing_is_kept(made: Recording) -> None:
    """What the target asks for itself is of no recording."""
    made.session.get(f"{made.url}/v1beta/tunedModels")
    made.recorder.finish()

    assert made.files() == []


def test_what_is_too_large_or_not_whole_is_passed_over(made: Recording) -> None:
    """Who reads two megabytes; and half an answer is none."""
    made.part("a/large", "/large")
    with made.parts.part("a/half"), made.session.get(f"{made.url}/large", stream=True):
        pass
    made.recorder.on_judged("a/half", "a/half", (), True)
    made.recorder.finish()

    assert made.files() == []


def test_what_looks_like_a_secret_is_not_written(made: Recording) -> None:
    """A secret is scrubbed; what may be one and is not known fails the run, and is never on the disk."""
    made.part("a/known", "/v1beta/tunedModels?filter=a-secret-of-ours")
    made.part("a/unknown", "/v1beta/Zm9vYmFyMTIzNDU2Nzg5MEFCQ0RFRkdISUpLTE1OTw")

    assert "a-secret-of-ours" not in (made.folder / "a.known.yaml").read_text(encoding="utf-8")
    with pytest.raises(
        UnwrittenRecordings, match=r"These recordings were not written:\na\.unknown\.yaml: .* looks like a secret"
    ):
        made.recorder.finish()
    assert made.files() == ["a.known.yaml"]
