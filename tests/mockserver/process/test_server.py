"""Tests the server behind the command, over real connections."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
import requests

from tunedmodels_mockserver import Settings, create_app
from tunedmodels_mockserver.process.server import PortInUse, Server
from tunedmodels_mockserver.web.api_response import SERVER

from ..serving import create, serve_thread


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Yield a server that the tests of this module share."""
    with serve_thread(create_app(Settings(seed=1))) as server:
        yield server


@pytest.fixture
def url(server: Server) -> str:
    """Return the URL of the server, after dropping its world."""
    requests.delete(f"{server.url}/_emulator/world", timeout=5).raise_for_status()
    return server.url


def test_concurrent_callers_get_different_models(url: str) -> None:
    """Eighty creates by sixteen callers make eighty models, and the list has them all."""
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _number: create(url).json(), range(80)))
    models = requests.get(f"{url}/v1beta/tunedModels?pageSize=1000", timeout=30).json()["tunedModels"]

    names = {answer["metadata"]["tunedModel"] for answer in answers}
    assert len(names) == 80
    assert {model["name"] for model in models} == names


def test_an_answer_has_one_server_header_and_no_via(url: str) -> None:
    """The server adds none of its own to that of the application."""
    headers = requests.get(f"{url}/v1beta/tunedModels", timeout=5).raw.headers

    assert headers.getlist("Server") == [SERVER]
    assert "Via" not in headers
    assert headers.getlist("Vary") == ["X-Origin", "Referer", "Origin,Accept-Encoding"]


def test_a_kept_connection_answers_without_delay(url: str) -> None:
    """There is no pause of 40 ms between headers and body."""
    with requests.Session() as session:
        session.get(f"{url}/v1beta/models", timeout=5)
        times = (session.get(f"{url}/v1beta/tunedModels", timeout=5).elapsed.total_seconds() for _ in range(200))

        # Such a pause is in every answer; a busy machine is late with some.
        assert any(seconds < 0.03 for seconds in times)


def test_a_body_beyond_the_limit_gets_the_error_of_the_service(url: str) -> None:
    """20 MiB and a byte get the observed sentence, in an envelope."""
    answer = requests.post(f"{url}/v1beta/tunedModels", data=b"x" * (20 * 1024 * 1024 + 1), timeout=30)

    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "Request payload size exceeds the limit: 20971520 bytes."


def test_a_path_may_begin_with_two_slashes(server: Server) -> None:
    """An endpoint with a slash at its end doubles the first one; HTTP does not read it as the name of a host."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.request("GET", "//v1beta/tunedModels")
    answer = connection.getresponse()
    answer.read()
    connection.close()

    assert answer.status == 200
    assert "doubled-slashes" in (answer.headers["X-Tunedmodels-Note"] or "")


def test_a_client_that_disconnects_does_not_stop_the_server(server: Server) -> None:
    """It disconnects in the middle of its request."""
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"POST /v1beta/tunedModels HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")
    assert requests.get(f"{server.url}/health", timeout=5).ok


def test_a_port_in_use_raises_port_in_use() -> None:
    """The message is a sentence."""
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(PortInUse, match=r"is in use. Choose another"):
        Server(create_app(), "127.0.0.1", other.getsockname()[1])


@pytest.mark.parametrize(
    ("host", "name"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("localhost", "localhost"), ("::1", "[::1]")],
)
def test_the_url_works_on_this_machine(host: str, name: str) -> None:
    """The address of all interfaces becomes loopback, and an address of IPv6 has brackets."""
    if host == "::1" and not has_ipv6():
        pytest.skip("this machine has no IPv6 loopback")
    with serve_thread(create_app(), host) as server:
        assert server.url == f"http://{name}:{server.port}"
        assert requests.get(f"{server.url}/health", timeout=5).ok


def has_ipv6() -> bool:
    """Return whether this machine has a loopback address of IPv6."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def test_running_requests_are_answered_before_the_end() -> None:
    """A request that runs when the server stops gets its answer, and then the port is free."""
    is_running, may_continue = threading.Event(), threading.Event()
    app = create_app()

    @app.get("/slow")
    def slow() -> str:
        is_running.set()
        may_continue.wait(5)
        return "answered"

    with ThreadPoolExecutor(1) as pool, serve_thread(app) as server:
        answer = pool.submit(requests.get, f"{server.url}/slow", timeout=10)
        is_running.wait(5)
        server.stop()
        may_continue.set()

        assert answer.result().text == "answered"
    socket.create_server(("127.0.0.1", server.port)).close()


def begin(port: int, path: str) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=20)
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return client


def test_the_end_finishes_paced_streams_without_their_pauses() -> None:
    """The client gets the whole stream."""
    with serve_thread(create_app(Settings(seed=1))) as server:
        rules: list[Any] = [{"answer": {"chunks": [{"text": "one "}, {"text": "two", "pause": 60}]}}]
        requests.put(f"{server.url}/_emulator/canned", json=rules, timeout=5).raise_for_status()
        stream = f"{server.url}/v1beta/models/gemini-1.5-flash:streamGenerateContent?alt=sse"
        body: dict[str, Any] = {"contents": [{"parts": [{"text": "hi"}]}]}
        with requests.post(stream, json=body, stream=True, timeout=10) as answer:
            lines = answer.iter_lines()
            first = next(lines)
            server.stop()
            rest = b"".join(lines)

    assert b"one" in first
    assert b"two" in rest
    assert b"finishReason" in rest


def test_the_end_waits_for_answers_that_are_computed() -> None:
    """Each of four is answered, although they are computed one after the other in the event loop."""
    app, is_running = create_app(), threading.Event()

    @app.get("/slow")
    def slow() -> str:
        is_running.set()
        time.sleep(0.4)
        return "answered"

    with serve_thread(app) as server:
        clients = [begin(server.port, "/slow") for _ in range(4)]
        is_running.wait(5)
        server.stop()
        answers = [b"".join(iter(partial(client.recv, 65536), b"")) for client in clients]
        for client in clients:
            client.close()

    assert [answer.endswith(b"answered") for answer in answers] == [True] * 4


def test_the_end_cuts_what_is_not_finished_after_five_seconds() -> None:
    """The client gets a reset, so that it does not take a part for the whole."""
    app, may_end = create_app(), threading.Event()

    @app.get("/_emulator/endless")
    def endless() -> str:
        may_end.wait(30)
        return "late"

    with serve_thread(app) as server:
        client = begin(server.port, "/_emulator/endless")
        time.sleep(0.3)
        server.stop()
        with pytest.raises(ConnectionResetError):
            client.recv(1)
        may_end.set()
        client.close()


def test_thousands_of_idle_connections_lock_nobody_out() -> None:
    """Five thousand clients that send nothing leave the server as it is."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 11_000:
        pytest.skip("the system does not let a process open 11,000 sockets")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 11_000), hard))
    try:
        with serve_thread(create_app(Settings(seed=1))) as server:
            idle = [socket.create_connection(("127.0.0.1", server.port), timeout=20) for _ in range(5000)]
            assert requests.get(f"{server.url}/v1beta/tunedModels", timeout=10).ok
            for client in idle:
                client.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
