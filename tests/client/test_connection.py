"""The public names of what the client connects with."""

from __future__ import annotations

import pytest

from tunedmodels import connection


def test_the_client_and_its_users_share_one_address() -> None:
    """An address is checked as the client checks it, and says whether it is this machine."""
    assert connection.Address("http://127.0.0.1:9480/").url == "http://127.0.0.1:9480"
    with pytest.raises(ValueError, match="ends before the API version"):
        connection.Address("http://127.0.0.1:9480/v1beta")
    assert connection.is_loopback_host("localhost")
    assert not connection.is_loopback_host("service.test")


def test_the_credentials_are_those_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The names of the variables are the ones that the functions read."""
    for name in (*connection.API_KEYS, connection.CREDENTIALS_FILE):
        monkeypatch.delenv(name, raising=False)
    assert (connection.api_key(), connection.credentials_file()) == (None, None)

    for name in reversed(connection.API_KEYS):
        monkeypatch.setenv(name, f"test-{name}")
        assert connection.api_key() == f"test-{name}"
    monkeypatch.setenv(connection.CREDENTIALS_FILE, "key.json")
    assert connection.credentials_file() == "key.json"
