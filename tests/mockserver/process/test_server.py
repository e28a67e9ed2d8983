"""The server behind the command, and what it writes."""

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
    """A server in a thread of its own, which ends when it is told to."""
    fake = Server(create_app(Settings(seed=1)), "127.0.0.1", 0)
    thread = threading.Thread(target=fake.serve)
    thread.start()
    yield fake.url
    fake.stop()
    thread.join(10)
    assert not thread.is_alive()


def test_callers_at_once_get_models_of_their_own(url: str) -> None:
    """Two hundred creates by sixteen callers make two hundred models with names of their own, and all are listed."""

    def create(_number: int) -> str:
        answer: dict[str, Any] = requests.post(f"{url}/v1beta/tunedModels", json=BODY, timeout=30).json()
        return str(answer["metadata"]["tunedModel"])

    with ThreadPoolExecutor(16) as pool:
        names = set(pool.map(create, range(200)))
    listed = requests.get(f"{url}/v1beta/tunedModels?pageSize=1000", timeout=30).json()["tunedModels"]

    assert len(names) == 200
    assert {model["name"] for model in listed} == names


def test_an_answer_over_the_wire_has_one_server_and_no_via(url: str) -> None:
    """The Server header names us once; waitress adds neither its own nor a Via."""
    headers = requests.get(f"{url}/v1beta/tunedModels", timeout=5).raw.headers

    assert headers.getlist("Server") == [SERVER]
    assert "Via" not in headers
    assert headers.getlist("Vary") == ["X-Origin", "Referer", "Origin,Accept-Encoding"]


def test_a_kept_connection_answers_without_delay(url: str) -> None:
    """Requests on one connection are answered at once: no pause of 40 ms between headers and body."""
    with requests.Session() as session:
        session.get(f"{url}/v1beta/models", timeout=5)
        times = (session.get(f"{url}/v1beta/tunedModels", timeout=5).elapsed.total_seconds() for _ in range(200))

        # Such a pause is in every answer; a busy machine is late with some.
        assert any(seconds < 0.03 for seconds in times)


def test_a_body_beyond_the_limit_gets_the_services_refusal(url: str) -> None:
    """20 MiB and a byte are refused with the observed sentence, in an envelope."""
    answer = requests.post(f"{url}/v1beta/tunedModels", data=b"x" * (20 * 1024 * 1024 + 1), timeout=30)

    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "Request payload size exceeds the limit: 20971520 bytes."


def test_a_taken_port_is_an_error_of_its_own() -> None:
    """Who asks for a port in use gets PortInUse with a sentence."""
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(PortInUse, match=r"is in use. Choose another"):
        Server(create_app(), "127.0.0.1", other.getsockname()[1])


@pytest.mark.parametrize(
    ("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("localhost", "localhost")]
)
def test_the_url_is_one_that_this_machine_can_use(host: str, shown: str) -> None:
    """An address that means all of them is shown as loopback."""
    fake = Server(create_app(), host, 0)
    fake.stop()
    fake.serve()

    assert fake.url == f"http://{shown}:{fake.port}"


def test_what_was_begun_is_answered_before_the_end() -> None:
    """A request that is being answered when the server is told to stop gets its answer; then the port is free."""
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
