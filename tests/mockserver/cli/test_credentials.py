"""Tests the commands that make keys and tokens."""

from __future__ import annotations

import json
import socket

import pytest
import requests
from click.testing import CliRunner, Result

from tunedmodels_mockserver import create_app
from tunedmodels_mockserver.cli import main
from tunedmodels_mockserver.core.callers import grants, scopes, service_accounts

from ..serving import serve_thread, settings_of


@pytest.fixture(autouse=True)
def _no_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the variables of this machine that name a mock server."""
    monkeypatch.delenv("TUNEDMODELS_EMULATOR_HOST", raising=False)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["credentials", *arguments])


def stdout_of(*arguments: str) -> str:
    result = run(*arguments)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


@pytest.mark.parametrize(
    ("options", "uri"),
    [
        ([], "http://127.0.0.1:9480/token"),
        (["--world", "w1"], "http://127.0.0.1:9480/token?key=test-w1"),
        (["--url", "http://fake:80/"], "http://fake:80/token"),
        (["--url", "fake:80", "--world", "w.1"], "http://fake:80/token?key=test-w.1"),
    ],
)
def test_the_key_file_of_a_service_account(options: list[str], uri: str) -> None:
    """google-auth reads it; it has the token endpoint, and its signature is valid."""
    from google.oauth2.service_account import Credentials

    info = json.loads(stdout_of("service-account", "--user", "Robot@example.com", *options))

    assert (info["type"], info["token_uri"], info["client_email"]) == ("service_account", uri, "robot@example.com")
    key = service_accounts.key(info["private_key_id"])
    assert key is not None
    assert key.email == "robot@example.com"
    assert Credentials.from_service_account_info(info).service_account_email == "robot@example.com"


def test_all_accounts_share_one_key() -> None:
    """A signature without a key id can be verified; a key id names the account."""
    first, second = (json.loads(stdout_of("service-account", "--user", f"{user}@example.com")) for user in ("a", "b"))

    assert first["private_key"] == second["private_key"]
    assert first["private_key_id"] != second["private_key_id"]


def test_a_refresh_token() -> None:
    """It has the user, the scopes and the world of the options, and a unique id."""
    plain, other = (grants.read_refresh(stdout_of("refresh-token").strip()) for _ in range(2))
    text = stdout_of("refresh-token", "--user", "alice@example.com", "--scope", "a", "--scope", "b", "--world", "w1")
    special = grants.read_refresh(text.strip())

    assert plain is not None
    assert other is not None
    assert special is not None
    assert (plain.email, plain.scopes) == ("developer@example.com", scopes.TUNING)
    assert plain.id != other.id
    assert text.startswith("test-w1/")
    assert (special.email, special.scopes) == ("alice@example.com", ("a", "b"))


def test_the_api_key() -> None:
    """It is the key that every mock server accepts, after the name of the world if there is one."""
    assert stdout_of("api-key") == "tunedmodels-api-key\n"
    assert stdout_of("api-key", "--world", "w1") == "test-w1/tunedmodels-api-key\n"


def test_a_strict_server_accepts_all_credentials_of_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command does not use a proxy for the token; keys, groups and projects work, too."""
    options = ["--auth", "strict", "--api-key", "mine", "--project", "my-project", "--clock", "manual"]
    groups = ["--group", "team@example.com=alice@example.com", "--group", "team@example.com=bob@example.com"]
    with serve_thread(create_app(settings_of(*options, *groups))) as server:
        url = server.url
        monkeypatch.setenv("TUNEDMODELS_EMULATOR_HOST", url.removeprefix("http://"))
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        token = stdout_of("access-token", "--world", "w1", "--user", "alice@example.com").strip()
        key = stdout_of("api-key", "--world", "w1").strip()
        monkeypatch.delenv("HTTP_PROXY")
        monkeypatch.delenv("http_proxy")

        def status(path: str = "/v1beta/tunedModels", **headers: str) -> int:
            return requests.get(f"{url}{path}", headers=headers, timeout=5).status_code

        assert token.startswith("test-w1/tunedmodels-access~")
        assert status(Authorization=f"Bearer {token}") == 200
        assert status(**{"x-goog-api-key": key}) == status(**{"x-goog-api-key": "mine"}) == 200
        assert status(**{"x-goog-api-key": "other"}) == 400
        assert status() == 403
        assert status(**{"x-goog-api-key": "mine", "x-goog-user-project": "my-project"}) == 200
        assert status(**{"x-goog-api-key": "mine", "x-goog-user-project": "other"}) == 403
        assert requests.post(f"{url}/_emulator/clock?key=test-w1", json={"advance": 3600}, timeout=5).ok
        assert status(Authorization=f"Bearer {token}") == 401


def test_an_access_token_needs_a_running_server() -> None:
    """If no mock server answers, a sentence says so, with status 1."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    results = [run("access-token", "--url", url) for url in (f"127.0.0.1:{port}", "http://[", "ftp://x")]

    assert [(result.exit_code, result.stdout) for result in results] == [(1, "")] * 3
    assert results[0].stderr == (
        f"No mock server answers at 127.0.0.1:{port}. Start one with `tunedmodels-mockserver serve`, or give its URL "
        "with --url.\n"
    )
