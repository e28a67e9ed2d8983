"""Tests faults on connections, over real sockets and in process."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from flask.testing import FlaskClient

from tunedmodels_mockserver import ManualClock, Settings, create_app
from tunedmodels_mockserver.process.server import Server

from ..conftest import ok
from ..serving import serve_process, serve_thread

MODELS = "/v1beta/models"
PROMPT = {"contents": [{"parts": [{"text": "one two three four five six seven"}]}]}
STREAM = "/v1beta/models/gemini-pro:streamGenerateContent"


@pytest.fixture
def server() -> Iterator[Server]:
    """Yield a server that runs in its own thread, and check that it ends in time."""
    with serve_thread(create_app(Settings(seed=1))) as server:
        yield server


@contextmanager
def open_request(port: int) -> Iterator[socket.socket]:
    """Yield a plain socket that has sent a GET."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as caller:
        caller.sendall(f"GET {MODELS} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        yield caller


def arm(server: Server, *faults: dict[str, Any]) -> None:
    assert requests.post(f"{server.url}/_emulator/faults", json=list(faults), timeout=10).status_code == 200


def read(caller: socket.socket) -> tuple[bytes, str]:
    """Return the data until the end, and the kind of the end."""
    data = b""
    while True:
        try:
            piece = caller.recv(65536)
        except ConnectionResetError:
            return data, "reset"
        if not piece:
            return data, "closed"
        data += piece


def test_a_reset_replaces_the_method(server: Server, tutorial: Callable[..., dict[str, Any]]) -> None:
    """The socket of the client is reset before the first byte, and no model exists."""
    arm(server, {"method": "models.list", "reset": True}, {"method": "tunedModels.create", "reset": True})

    with open_request(server.port) as caller:
        assert read(caller) == (b"", "reset")
    with pytest.raises(requests.ConnectionError):
        requests.post(f"{server.url}/v1beta/tunedModels", json=tutorial(), timeout=10)
    assert requests.get(f"{server.url}/v1beta/tunedModels", timeout=10).json() == {}


def test_commit_then_drop_runs_the_method(server: Server, tutorial: Callable[..., dict[str, Any]]) -> None:
    """The client gets a reset, and the model exists."""
    arm(server, {"method": "tunedModels.create", "commit_then_drop": True})

    with pytest.raises(requests.ConnectionError):
        requests.post(f"{server.url}/v1beta/tunedModels", json=tutorial(), timeout=10)
    assert len(requests.get(f"{server.url}/v1beta/tunedModels", timeout=10).json()["tunedModels"]) == 1


def test_a_truncated_body_has_the_length_of_the_whole(server: Server) -> None:
    """Content-Length is that of the whole body, the bytes are fewer, and the connection closes."""
    whole = requests.get(f"{server.url}{MODELS}", headers={"Accept-Encoding": "identity"}, timeout=10).content
    arm(server, {"truncate": {"bytes": 1000}}, {"truncate": {"bytes": 1_000_000}})

    for size in (1000, len(whole) - 1):
        with open_request(server.port) as caller:
            data, end = read(caller)
        head, _, body = data.partition(b"\r\n\r\n")
        assert f"Content-Length: {len(whole)}\r\n".encode() in head + b"\r\n"
        assert (body, end) == (whole[:size], "closed")


def test_a_stall_can_end_with_a_reset(server: Server) -> None:
    """The client gets every byte before the reset."""
    arm(server, {"stall": {"seconds": 0, "after": 5000}})

    with open_request(server.port) as caller:
        data, end = read(caller)
    assert (len(data.partition(b"\r\n\r\n")[2]), end) == (5000, "reset")


def test_a_malformed_body_has_a_matching_length(server: Server) -> None:
    """It arrives complete, and is not JSON."""
    arm(server, {"malformed": True})
    answer = requests.get(f"{server.url}{MODELS}", timeout=10)

    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()
    assert answer.headers["X-Tunedmodels-Note"] == "fault fault-1: malformed"


def test_a_slow_body_arrives_complete(server: Server) -> None:
    """The client can read each piece before the server sends the next."""
    arm(server, {"slow": {"bytes": 2000, "pause": 0.05}})
    began = time.monotonic()
    answer = requests.get(f"{server.url}{MODELS}", headers={"Accept-Encoding": "identity"}, timeout=10)

    assert len(answer.json()["models"]) > 1
    assert time.monotonic() - began >= 0.05 * (len(answer.content) // 2000)


def test_a_stall_sends_the_bytes_before_it(server: Server) -> None:
    """The client can read them during the stall; if it disconnects, the thread is free."""
    arm(server, *[{"stall": {"seconds": 600, "after": 100}}] * 20)

    for _ in range(20):  # more than there are threads
        with open_request(server.port) as caller:
            data = b""
            while len(data.partition(b"\r\n\r\n")[2]) < 100:
                data += caller.recv(65536)
            assert len(data.partition(b"\r\n\r\n")[2]) == 100
    assert requests.get(f"{server.url}{MODELS}", timeout=10).status_code == 200


def test_a_stall_can_resume(server: Server) -> None:
    """The body is complete after it."""
    arm(server, {"stall": {"seconds": 0.1, "after": 100, "resumes": True}})

    assert "models" in requests.get(f"{server.url}{MODELS}", timeout=10).json()


def test_a_stop_ends_stalls(server: Server) -> None:
    """The connection is reset at once, and the server ends in time."""
    arm(server, {"stall": {"seconds": 600, "after": 10}})

    with open_request(server.port) as caller:
        assert caller.recv(10)
        server.stop()
        assert read(caller)[1] == "reset"


def test_a_stop_ends_latencies(server: Server) -> None:
    """The answer is complete."""
    arm(server, {"latency": {"seconds": 60}})

    with open_request(server.port) as caller:
        while not requests.get(f"{server.url}/_emulator/faults/fault-1", timeout=10).json()["fired"]:
            pass
        server.stop()
        assert b"gemini-1.5-flash" in read(caller)[0]


def test_sigterm_in_a_stall_ends_the_process_cleanly(tmp_path: Path) -> None:
    """The status is 0, with one warning about the fault of the file; the connection is reset."""
    (tmp_path / "faults.yaml").write_text("stall: {seconds: 600, after: 10}\n")
    with serve_process("--faults", str(tmp_path / "faults.yaml")) as (process, url):
        with open_request(int(url.rpartition(":")[2])) as caller:
            assert caller.recv(10)
            process.send_signal(signal.SIGTERM)
            assert read(caller)[1] == "reset"
        _, err = process.communicate(timeout=10)

    assert process.returncode == 0
    assert [line.partition("WARNING ")[2] for line in err.splitlines()] == [f"GET {MODELS}: fault fault-1 stall"]


@pytest.mark.parametrize("form", ["", "?alt=sse"])
def test_a_stream_can_be_truncated(server: Server, form: str) -> None:
    """Both forms of a stream begin, and end too early."""
    arm(server, {"method": "*.streamGenerateContent", "stall": {"seconds": 0, "after": 30}})
    answer = requests.post(f"{server.url}{STREAM}{form}", json=PROMPT, stream=True, timeout=10)
    pieces: list[bytes] = []
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        pieces.extend(answer.iter_content(1))

    assert answer.status_code == 200
    assert len(b"".join(pieces)) == 30


@pytest.mark.parametrize("effect", ["reset", "commit_then_drop"])
def test_a_reset_in_process_raises_an_error(http: FlaskClient, effect: str) -> None:
    """It is the error of a reset socket, so adapters handle it in the same way."""
    http.post("/_emulator/faults", json={effect: True})

    with pytest.raises(ConnectionResetError):
        http.get(MODELS)
    ok(http.get(MODELS))


def test_a_stall_in_process_calls_the_sleep_of_the_application(clock: ManualClock) -> None:
    """No real time passes."""
    waits: list[float] = []
    http = create_app(Settings(seed=1), clock.now, waits.append).test_client()
    whole = http.get(MODELS).data
    faults = [{"stall": {"seconds": 500, "after": 9, "resumes": True}}, {"slow": {"bytes": 3000, "pause": 7}}]
    http.post("/_emulator/faults", json=faults)

    assert [http.get(MODELS).data for _ in range(2)] == [whole, whole]
    assert waits == [500] + [7] * ((len(whole) - 1) // 3000)


def test_a_truncated_body_in_process_is_short(http: FlaskClient) -> None:
    """Its header has the length of the whole."""
    whole = http.get(MODELS)
    http.post("/_emulator/faults", json={"truncate": {"fraction": 0.25}})
    answer = http.get(MODELS)

    assert answer.headers["Content-Length"] == whole.headers["Content-Length"]
    assert answer.data == whole.data[: len(whole.data) // 4]


def test_a_malformed_event_stream_ends_with_a_bad_event(http: FlaskClient) -> None:
    """The last event is cut in its middle, and still ends like an event."""
    http.post("/_emulator/faults", json={"malformed": True})
    text = http.post(f"{STREAM}?alt=sse", json=PROMPT).text

    assert text.startswith("data: {")
    assert text.endswith("\r\n\r\n")
    assert not text.rstrip().endswith("}")
