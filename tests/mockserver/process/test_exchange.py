"""Tests that answers which take time hold up nobody, over real connections."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import pytest
import requests

from tunedmodels_mockserver import Settings, create_app
from tunedmodels_mockserver.process.limits import Limits
from tunedmodels_mockserver.process.server import Server

from ..serving import serve_thread

STREAM = "/v1beta/models/gemini-1.5-flash:streamGenerateContent"
PROMPT = json.dumps({"contents": [{"parts": [{"text": "hi"}]}]}).encode()


@pytest.fixture
def server() -> Iterator[Server]:
    """Yield a server that drops a client which reads nothing for a second."""
    with serve_thread(create_app(Settings(seed=1)), limits=Limits(write_time=1.0)) as server:
        yield server


def canned(server: Server, *chunks: Mapping[str, str | float]) -> None:
    """Let each prompt have these *chunks* as its answer."""
    rules: list[dict[str, Any]] = [{"answer": {"chunks": list(chunks)}}]
    requests.put(f"{server.url}/_emulator/canned", json=rules, timeout=10).raise_for_status()


def begin(server: Server, path: str, body: bytes = b"", buffer: int | None = None) -> socket.socket:
    """Return a connection that has sent its only request. The system keeps *buffer* bytes for its reader."""
    client = socket.socket()
    if buffer is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    client.settimeout(20)
    client.connect(("127.0.0.1", server.port))
    head = f"{'POST' if body else 'GET'} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    client.sendall(head.encode() + b"Connection: close\r\n\r\n" + body)
    return client


def read_all(client: socket.socket) -> bytes:
    answer = b""
    while piece := client.recv(65536):
        answer += piece
    return answer


def test_many_paced_streams_end_when_one_does(server: Server) -> None:
    """Sixty-four take the time of one, and /health answers meanwhile."""
    canned(server, {"text": "a", "pause": 0.5}, {"text": "b", "pause": 0.5})
    began = time.monotonic()
    clients = [begin(server, STREAM, PROMPT) for _ in range(64)]
    assert requests.get(f"{server.url}/health", timeout=5).ok
    answers = [read_all(client) for client in clients]
    for client in clients:
        client.close()

    assert all(answer.endswith(b"]\r\n0\r\n\r\n") for answer in answers)
    assert 0.9 < time.monotonic() - began < 8  # sixteen threads needed four rounds; one after the other, a minute


@pytest.mark.parametrize("fault", [{"latency": 60}, {"stall": {"seconds": 600, "after": 0}}])
def test_slow_answers_stop_nobody(server: Server, fault: dict[str, Any]) -> None:
    """More of them than there are threads wait, and others are answered."""
    requests.post(f"{server.url}/_emulator/faults", json={"method": "models.list", **fault}, timeout=5)
    with ExitStack() as clients:
        for _ in range(40):
            clients.enter_context(begin(server, "/v1beta/models"))
        for path in ("/health", "/_emulator/ready", "/v1beta/tunedModels"):
            assert requests.get(f"{server.url}{path}", timeout=5).ok


def test_the_entry_of_a_late_answer_has_its_latency(server: Server) -> None:
    """The journal has it once the client has the answer."""
    requests.post(f"{server.url}/_emulator/faults", json={"latency": 0.3}, timeout=5)
    assert requests.get(f"{server.url}/v1beta/models", timeout=5).ok
    (entry,) = requests.get(f"{server.url}/_emulator/journal", timeout=5).json()["entries"]

    assert entry["duration"] >= 0.3
    assert not entry["lost"]


def test_a_reader_that_never_reads_is_dropped(server: Server) -> None:
    """Others are answered meanwhile, and the connection is reset."""
    canned(server, *[{"text": "x" * 700_000}] * 9)  # more than the system keeps for a client
    clients = [begin(server, STREAM, PROMPT, buffer=8192) for _ in range(2)]
    assert requests.get(f"{server.url}/v1beta/tunedModels", timeout=10).ok
    wait_until(lambda: [entry["lost"] for entry in journal(server)].count(True) == 2)
    for client in clients:
        with pytest.raises(ConnectionResetError):
            read_all(client)
        client.close()


def journal(server: Server) -> list[dict[str, object]]:
    entries: list[dict[str, object]] = requests.get(f"{server.url}/_emulator/journal", timeout=10).json()["entries"]
    return entries


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_request_whose_client_is_gone_is_not_computed() -> None:
    """It waited for a thread while its client disconnected."""
    app = create_app(Settings(seed=1))
    paths: list[str] = []
    may_continue = threading.Event()

    @app.get("/_emulator/blocks/<name>")
    def block(name: str) -> str:
        paths.append(name)
        may_continue.wait(10)
        return "ok"

    with serve_thread(app) as server:
        busy = [begin(server, f"/_emulator/blocks/{number}") for number in range(8)]
        wait_until(lambda: len(paths) == 8)
        gone = begin(server, "/_emulator/blocks/gone")
        time.sleep(0.1)
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        gone.close()
        time.sleep(0.1)
        may_continue.set()
        assert requests.get(f"{server.url}/_emulator/blocks/last", timeout=5).text == "ok"
        for client in busy:
            client.close()

    assert "gone" not in paths
