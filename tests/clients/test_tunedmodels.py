"""The client of this project uses google-auth's real flows, against a server that checks credentials."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import google.auth
import google.auth.exceptions
import pytest
import requests
from google.oauth2.credentials import Credentials
from google.oauth2.service_account import Credentials as ServiceAccount

from tunedmodels import Client, CredentialsError, InvalidArgument, PermissionDenied, Polling, Role, Unauthenticated

from .conftest import credential

pytestmark = [pytest.mark.clients, pytest.mark.usefixtures("_no_way_out")]

Make = Callable[..., Client]

BASE = "models/gemini-1.0-pro-001"
PAIRS = [("1", "2"), ("3", "4"), ("seven", "eight")]
READONLY = "https://www.googleapis.com/auth/generative-language.tuning.readonly"


@pytest.fixture
def world(key: str) -> str:
    """The name of this test's world."""
    return key.removeprefix("test-")


@pytest.fixture
def advance(guarded_url: str, key: str) -> Callable[[float], None]:
    """Move the clock of this test's world by seconds."""

    def move(seconds: float) -> None:
        body = {"advance": seconds}
        answer = requests.post(f"{guarded_url}/_emulator/clock", params={"key": key}, json=body, timeout=10)
        assert answer.status_code == 200

    return move


@pytest.fixture
def client(guarded_url: str, advance: Callable[[float], None]) -> Iterator[Make]:
    """Make clients whose sleep moves their world's clock; all are closed at the end."""
    with ExitStack() as stack:

        def make(**arguments: Any) -> Client:
            return stack.enter_context(Client(guarded_url, sleep=advance, polling=Polling(1200, 1, 1200), **arguments))

        yield make


@pytest.fixture
def key_file(guarded_url: str, world: str, tmp_path: Path) -> Path:
    """The key file of a service account of this test's world."""
    file = tmp_path / "key.json"
    file.write_text(credential(guarded_url, "service-account", "--user", "robot@example.com", "--world", world))
    return file


def refreshable(url: str, key: str, user: str = "alice@example.com", *more: str) -> Credentials:
    """Return credentials that have only a refresh token."""
    token = credential(url, "refresh-token", "--user", user, *more)
    return Credentials(None, token, token_uri=f"{url}/token?key={key}", client_id="any", client_secret="any")


def owner(client: Client) -> str | None:
    """Create a model, and return the address of its owner."""
    operation = client.tuned_models.create(base_model=BASE, display_name="owned", training_data=PAIRS)
    return next(iter(client.tuned_models.permissions(operation.metadata.tuned_model).list())).email_address


def test_service_account_by_file(client: Make, key_file: Path) -> None:
    """The credentials need no scopes of the caller: the client asks for those of tuning."""
    credentials = ServiceAccount.from_service_account_file(str(key_file))

    assert owner(client(credentials=credentials)) == "robot@example.com"


@pytest.mark.parametrize("variable", ["TUNEDMODELS_EMULATOR_HOST", "GOOGLE_GEMINI_BASE_URL"])
def test_key_file_of_the_mock_server_needs_no_code(
    guarded_url: str, key_file: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Two variables are enough: the address of the server, and a key file with its token endpoint."""
    monkeypatch.setenv(variable, guarded_url)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key_file))

    with Client() as client:
        assert owner(client) == "robot@example.com"


def test_key_file_of_the_real_service_is_not_used(
    guarded_url: str, key_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The client does not use a key file of another token endpoint for the mock server."""
    real = tmp_path / "real.json"
    uri = "https://oauth2.googleapis.com/token"
    real.write_text(json.dumps({**json.loads(key_file.read_text()), "token_uri": uri}))
    monkeypatch.setenv("TUNEDMODELS_EMULATOR_HOST", guarded_url)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(real))

    with Client() as client, pytest.raises(PermissionDenied, match="unregistered callers") as caught:
        client.tuned_models.get("any")

    assert "no credentials were sent" in caught.value.hint


def test_refresh_token(client: Make, guarded_url: str, key: str) -> None:
    """Credentials with a refresh token get their access token from the server."""
    assert owner(client(credentials=refreshable(guarded_url, key))) == "alice@example.com"


METADATA = """
from tunedmodels import Client
with Client() as client:
    operation = client.tuned_models.create(
        base_model="{base}", display_name="owned", training_data=[("1", "2")]
    )
    permissions = client.tuned_models.permissions(operation.metadata.tuned_model)
    print([grant.email_address for grant in permissions.list()])
    client.tuned_models.delete(operation.metadata.tuned_model)  # it is in the default world
"""


def test_metadata_server(guarded_url: str, tmp_path: Path) -> None:
    """If the mock server is the metadata server of the machine, the caller is the machine's service account."""
    host = guarded_url.removeprefix("http://")
    names = ("GCE_METADATA_HOST", "GCE_METADATA_IP", "TUNEDMODELS_EMULATOR_HOST")
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", METADATA.format(base=BASE)],
        capture_output=True,
        text=True,
        env={**dict.fromkeys(names, host), "HOME": str(tmp_path), "PATH": ""},
        timeout=60,
        check=False,
    )

    assert (run.stdout, run.stderr) == ("['developer@example.com']\n", "")


def test_token_expires_in_the_middle_of_a_long_poll(client: Make, guarded_url: str, key: str) -> None:
    """A token lives an hour of the world's clock. The client watches a run of ten hours with new tokens."""
    credentials = refreshable(guarded_url, key)
    tokens = set()
    operation = client(credentials=credentials).tuned_models.create(
        base_model=BASE, display_name="long", training_data=PAIRS, epoch_count=60, batch_size=1
    )
    for _ in operation.progress():
        tokens.add(credentials.token)

    assert operation.result().state == "ACTIVE"
    assert len(tokens) == 11  # one at the start of each hour, the last at the end


def test_refresh_token_is_revoked_in_the_middle(client: Make, guarded_url: str, key: str) -> None:
    """If there is no new token, the caller gets the refusal of the old token."""
    credentials = refreshable(guarded_url, key)
    operation = client(credentials=credentials).tuned_models.create(
        base_model=BASE, display_name="long", training_data=PAIRS
    )
    revoked = requests.post(f"{guarded_url}/revoke", data={"token": credentials.token}, timeout=10)
    assert revoked.status_code == 200

    with pytest.raises(Unauthenticated, match="invalid authentication credentials"):
        operation.result()


def test_revoked_before_the_first_call(client: Make, guarded_url: str, key: str) -> None:
    """If there is no token at all, the cause of the error is that of google-auth."""
    credentials = refreshable(guarded_url, key)
    token = f"{key}/{credentials.refresh_token}"
    assert requests.post(f"{guarded_url}/revoke", data={"token": token}, timeout=10).status_code == 200

    with pytest.raises(CredentialsError, match="expired or revoked") as caught:
        client(credentials=credentials).tuned_models.get("any")

    assert isinstance(caught.value.__cause__, google.auth.exceptions.RefreshError)


def test_token_without_the_scope(client: Make, guarded_url: str, key: str) -> None:
    """The error names the reason and the method, and says how to get a token with the scope."""
    credentials = refreshable(guarded_url, key, "alice@example.com", "--scope", READONLY)
    models = client(credentials=credentials).tuned_models
    assert list(models.list()) == []

    with pytest.raises(PermissionDenied, match="insufficient authentication scopes") as caught:
        models.create(base_model=BASE, display_name="x", training_data=PAIRS)

    info = caught.value.error_info
    assert info is not None
    assert info.reason == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
    assert info.metadata["method"].endswith("ModelService.CreateTunedModel")
    assert "gcloud auth application-default login" in str(caught.value)


def test_api_key(client: Make, guarded_url: str, world: str) -> None:
    """A registered key may not read permissions, and the error says why."""
    key = credential(guarded_url, "api-key", "--world", world)
    models = client(api_key=key).tuned_models
    name = models.create(base_model=BASE, tuned_model_id="mine", training_data=PAIRS).result().name

    with pytest.raises(Unauthenticated, match="API keys are not supported") as caught:
        list(models.permissions(name).list())

    assert "needs OAuth" in caught.value.hint


def test_unknown_api_key(client: Make, key: str) -> None:
    """The refusal of an unknown key has a reason."""
    with pytest.raises(InvalidArgument, match="API key not valid") as caught:
        client(api_key=f"{key}/other").tuned_models.get("any")

    assert caught.value.error_info is not None
    assert caught.value.error_info.reason == "API_KEY_INVALID"


def test_real_key_is_in_no_error(client: Make) -> None:
    """The mock server refuses a key that looks real, and no error shows the key."""
    secret = "AIza" + "x" * 35

    with pytest.raises(PermissionDenied) as caught:
        client(api_key=secret).models.get("gemini-1.0-pro-001")

    assert "real" in caught.value.message
    assert secret not in f"{caught.value}{caught.value.request}{caught.value.response}"


@pytest.mark.parametrize("by", ["argument", "credentials"])
def test_quota_project(client: Make, guarded_url: str, key: str, by: str) -> None:
    """A caller who is billed to a reader project of the model may read it."""
    alice = client(credentials=refreshable(guarded_url, key))
    alice.tuned_models.create(
        base_model=BASE, tuned_model_id="shared", training_data=PAIRS, reader_project_numbers=[123]
    )
    bob = refreshable(guarded_url, key, "bob@example.com")
    with pytest.raises(PermissionDenied):
        client(credentials=bob).tuned_models.get("shared")

    if by == "argument":
        billed = client(credentials=bob, quota_project="123")
    else:
        billed = client(credentials=bob.with_quota_project("123"))
    assert billed.tuned_models.get("shared").name == "tunedModels/shared"


def test_people_share_and_transfer(client: Make, guarded_url: str, key: str) -> None:
    """Alice shares her model with Bob, who may then use it. She transfers it to Carol, and remains a writer."""
    people = {
        name: client(credentials=refreshable(guarded_url, key, f"{name}@example.com"))
        for name in ("alice", "bob", "carol")
    }
    alice, bob, carol = (each.tuned_models for each in people.values())
    model = alice.create(base_model=BASE, tuned_model_id="passed", training_data=PAIRS).result()
    with pytest.raises(PermissionDenied, match="permission to access"):
        bob.get(model)

    alice.permissions(model).create("READER", "bob@example.com")
    assert bob.generate_content(model, "seven").text == "eight"
    with pytest.raises(PermissionDenied, match="owner of the resource"):
        bob.transfer_ownership(model, "bob@example.com")
    alice.transfer_ownership(model, "carol@example.com")

    roles = {grant.email_address: grant.role for grant in carol.permissions(model).list()}
    assert roles == {
        "carol@example.com": Role.OWNER,
        "alice@example.com": Role.WRITER,
        "bob@example.com": Role.READER,
    }
    carol.delete(model)
