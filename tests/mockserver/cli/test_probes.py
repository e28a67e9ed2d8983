"""Tests ``wait`` and ``healthcheck``, and the endpoints that they use."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from tunedmodels_mockserver import Settings, create_app
from tunedmodels_mockserver.cli import main
from tunedmodels_mockserver.core.state.store import StoreUnavailable
from tunedmodels_mockserver.process.server import Server

from ..serving import serve_thread

if TYPE_CHECKING:
    from collections.abc import Iterator


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.fixture
def server() -> Iterator[Server]:
    """Yield a server that runs in its own thread."""
    with serve_thread(create_app(Settings(seed=1))) as server:
        yield server


def test_a_running_server_is_ready(server: Server) -> None:
    """Both commands end with status 0 and print nothing."""
    for arguments in (("wait", "--timeout", "0"), ("healthcheck",)):
        result = run(*arguments, "--url", server.url)
        assert (result.exit_code, result.output) == (0, "")


def test_wait_waits_for_a_server_that_starts_later() -> None:
    """The server starts to listen after the command."""
    port = free_port()
    results: list[Result] = []
    command = threading.Thread(target=lambda: results.append(run("wait", "--url", f"127.0.0.1:{port}")))
    command.start()
    command.join(0.3)
    assert command.is_alive()
    fake = Server(create_app(), "127.0.0.1", port)
    server_thread = threading.Thread(target=fake.serve)
    server_thread.start()
    command.join(20)
    fake.stop()
    server_thread.join(10)

    assert (results[0].exit_code, results[0].output) == (0, "")


def test_wait_ends_with_status_1_after_the_timeout() -> None:
    """The sentence has the time, the address and the reason."""
    url = f"http://127.0.0.1:{free_port()}"
    wait, check = run("wait", "--timeout", "0.2", "--url", url), run("healthcheck", "--url", url)

    assert (wait.exit_code, wait.stderr) == (1, f"After 0.2 seconds no mock server answers at {url}.\n")
    assert (check.exit_code, check.stderr) == (1, f"No mock server answers at {url}.\n")


def test_a_server_without_its_store_is_not_ready(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """``/health`` answers, but ``/ready`` is 503, and the command ends with status 1 and the reason."""
    from tunedmodels_mockserver.core.state.memory import MemoryStores

    def down(_self: MemoryStores) -> list[str]:
        raise StoreUnavailable("The database is away.")

    monkeypatch.setattr(MemoryStores, "names", down)
    app = create_app().test_client()
    result = run("healthcheck", "--url", server.url)

    assert app.get("/health").status_code == 200
    assert (app.get("/_emulator/ready").status_code, app.get("/_emulator/ready").json) == (
        503,
        {"error": "The database is away."},
    )
    assert result.exit_code == 1
    assert result.stderr == f"The mock server at {server.url} is not ready: The database is away.\n"


def test_info_has_no_secret() -> None:
    """It has settings, clock, armed faults and capabilities; no key, and no user or password of the store."""
    secret = "a-key-of-ours"
    app = create_app(Settings(seed=3, api_keys={secret}, auth="strict")).test_client()
    app.post("/_emulator/faults", json={"preset": "flaky"})
    answer = app.get("/_emulator/info")
    info = answer.json

    assert info is not None
    assert info["settings"]["seed"] == 3
    assert (info["faults"], info["clock"]["mode"]) == (4, "real")
    assert {"clock", "faults", "journal", "openapi.json", "verdict"} <= set(info["capabilities"]["admin"])
    assert secret not in answer.text
    settings = Settings(store="postgresql://me:word@db.example/test?password=word").to_public_json()
    assert settings["store"] == "postgresql://db.example/test"
