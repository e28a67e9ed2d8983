"""Tests the server behind the command, over real connections."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tunedmodels_mockserver import Settings, create_app
from tunedmodels_mockserver.process.server import PortInUse, Server
from tunedmodels_mockserver.web.responses import SERVER

BODY = {
    "displayName": "number generator",
    "baseModel": "models/gemini-1.0-pro-001",
    "tuningTask": {"trainingData": {"examples": {"examples": [{"textInput": "1", "output": "2"}]}}},
}


@pytest.fixture
def url() -> Iterator[str]:
    """Yield the URL of a server that runs in its own thread, and stop it at the end."""
    fake = Server(create_app(Settings(seed=1)), "127.0.0.1", 0)
    thread = threading.Thread(target=fake.serve)
    thread.start()
    yield fake.url
    fake.stop()
    thread.join(10)
    assert not thread.is_alive()


def test_concurrent_callers_get_different_models(url: str) -> None:
    """Two hundred creates by sixteen callers make two hundred models, and the list has them all."""

    def create(_number: int) -> str:
        answer: dict[str, Any] = requests.post(f"{url}/v1beta/tunedModels", json=BODY, timeout=30).json()
        return str(answer["metadata"]["tunedModel"])

    with ThreadPoolExecutor(16) as pool:
        names = set(pool.map(create, range(200)))
    listed = requests.get(f"{url}/v1beta/tunedModels?pageSize=1000", timeout=30).json()["tunedModels"]

    assert len(names) == 200
    assert {model["name"] for model in listed} == names


def test_an_answer_has_one_server_header_and_no_via(url: str) -> None:
    """waitress adds neither its own Server header nor a Via."""
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


def test_a_port_in_use_raises_port_in_use() -> None:
    """The message is a sentence."""
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(PortInUse, match=r"is in use. Choose another"):
        Server(create_app(), "127.0.0.1", other.getsockname()[1])


@pytest.mark.parametrize(
    ("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("localhost", "localhost")]
)
def test_the_url_works_on_this_machine(host: str, shown: str) -> None:
    """The address of all interfaces becomes loopback."""
    fake = Server(create_app(), host, 0)
    fake.stop()
    fake.serve()

    assert fake.url == f"http://{shown}:{fake.port}"


def test_running_requests_are_answered_before_the_end() -> None:
    """A request that runs when the server stops gets its answer, and then the port is free."""
    asked, go_on = threading.Event(), threading.Event()
    app = create_app()

    @app.get("/slow")
    def slow() -> str:
        asked.set()
        go_on.wait(5)
        return "answered"

    fake = Server(app, "127.0.0.1", 0)
    thread = threading.Thread(target=fake.serve)
    thread.start()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(requests.get, f"{fake.url}/slow", timeout=10)
        asked.wait(5)
        fake.stop()
        go_on.set()

        assert answer.result().text == "answered"
    thread.join(10)
    with socket.create_server(("127.0.0.1", fake.port)):
        assert not thread.is_alive()
