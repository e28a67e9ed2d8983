"""Most hand-written clients of Google's APIs send their requests with google-auth's AuthorizedSession."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from .conftest import credential

pytestmark = pytest.mark.clients

BODY = {
    "display_name": "counter",
    "base_model": "models/gemini-1.0-pro-001",
    "tuning_task": {"training_data": {"examples": {"examples": [{"text_input": "1", "output": "2"}]}}},
}


@pytest.fixture
def sessions() -> Iterator[Any]:
    """Make a session of credentials; all sessions are closed at the end."""
    from google.auth.transport.requests import AuthorizedSession

    with ExitStack() as stack:
        yield lambda credentials: stack.enter_context(AuthorizedSession(credentials))


def owner(session: Any, url: str, **params: str) -> str:
    """Create a model and return the address of its owner, the caller."""
    created = session.post(f"{url}/v1beta/tunedModels", json=BODY, params=params)
    assert created.status_code == 200, created.text
    name = created.json()["metadata"]["tunedModel"]
    (permission,) = session.get(f"{url}/v1beta/{name}/permissions", params=params).json()["permissions"]
    return str(permission["emailAddress"])


def test_anonymous_credentials(sessions: Any, polling_url: str, key: str) -> None:
    """The server accepts anonymous credentials, which send nothing; a key in the query selects the world."""
    from google.auth.credentials import AnonymousCredentials

    session = sessions(AnonymousCredentials())

    assert owner(session, polling_url, key=key) == "developer@example.com"
    assert len(session.get(f"{polling_url}/v1beta/tunedModels", params={"key": key}).json()["tunedModels"]) == 1


def test_token_identifies_the_caller(sessions: Any, polling_url: str, key: str) -> None:
    """The address in a bearer token owns the model, and no other caller can read it."""
    from google.oauth2.credentials import Credentials

    alice = sessions(Credentials(token=f"{key}/alice@example.com"))
    bob = sessions(Credentials(token=f"{key}/bob@example.com"))

    assert owner(alice, polling_url) == "alice@example.com"
    (model,) = alice.get(f"{polling_url}/v1beta/tunedModels").json()["tunedModels"]
    refusal = bob.get(f"{polling_url}/v1beta/{model['name']}")
    assert bob.get(f"{polling_url}/v1beta/tunedModels").json() == {}
    assert (refusal.status_code, refusal.json()["error"]["status"]) == (403, "PERMISSION_DENIED")


def test_api_key_credentials(sessions: Any, polling_url: str, key: str) -> None:
    """The server accepts google-auth's API key credentials, which send the key in a header."""
    from google.auth.api_key import Credentials

    assert owner(sessions(Credentials(f"{key}/alice@example.com")), polling_url) == "alice@example.com"


def test_service_account_signs_for_itself(sessions: Any, polling_url: str, key: str) -> None:
    """The subject of a service account's self-signed token is the caller. No token endpoint is needed."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from google.auth import jwt

    private = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    info = {
        "client_email": "robot@my-project.iam.gserviceaccount.com",
        "private_key": private.decode(),
        "private_key_id": "1",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    audience = "https://generativelanguage.googleapis.com/"
    session = sessions(jwt.Credentials.from_service_account_info(info, audience=audience))
    # Such a token has no room for the name of a world.
    session.headers["X-Test-Id"] = key.removeprefix("test-")

    assert owner(session, polling_url) == "robot@my-project.iam.gserviceaccount.com"


# -- Under ``--auth strict`` -----------------------------------------------------------------------------------

TUNING = "https://www.googleapis.com/auth/generative-language.tuning"
DRIVE = "https://www.googleapis.com/auth/drive"
SERVICE = "generativelanguage.googleapis.com"


@pytest.fixture
def key_file(guarded_url: str, key: str, tmp_path: Path) -> Path:
    """The key file of a service account, for this test's world."""
    world = key.removeprefix("test-")
    file = tmp_path / "key.json"
    file.write_text(credential(guarded_url, "service-account", "--user", "robot@example.com", "--world", world))
    return file


@pytest.mark.usefixtures("_no_way_out")
def test_service_account_by_file(sessions: Any, guarded_url: str, key_file: Path, key: str) -> None:
    """google-auth asks the token endpoint of the key file, and the caller is its account."""
    from google.oauth2.service_account import Credentials

    credentials = Credentials.from_service_account_file(str(key_file), scopes=[TUNING])

    assert owner(sessions(credentials), guarded_url) == "robot@example.com"
    assert credentials.token.startswith(f"{key}/tunedmodels-access~")


@pytest.mark.usefixtures("_no_way_out")
def test_service_account_by_the_environment(
    sessions: Any, guarded_url: str, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GOOGLE_APPLICATION_CREDENTIALS leads google-auth to the key file."""
    import google.auth

    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key_file))
    credentials, project = google.auth.default(scopes=[TUNING])

    assert owner(sessions(credentials), guarded_url) == "robot@example.com"
    assert project == "tunedmodels-fake"


@pytest.mark.usefixtures("_no_way_out")
def test_service_account_acts_for_a_subject(sessions: Any, guarded_url: str, key_file: Path) -> None:
    """With a subject the caller is that person."""
    from google.oauth2.service_account import Credentials

    credentials = Credentials.from_service_account_file(str(key_file), scopes=[TUNING], subject="alice@example.com")

    assert owner(sessions(credentials), guarded_url) == "alice@example.com"


@pytest.mark.usefixtures("_no_way_out")
def test_service_account_without_the_scope(sessions: Any, guarded_url: str, key_file: Path) -> None:
    """The server refuses a token of another scope, and names the method."""
    from google.oauth2.service_account import Credentials

    credentials = Credentials.from_service_account_file(str(key_file), scopes=[DRIVE])
    error = sessions(credentials).get(f"{guarded_url}/v1beta/tunedModels").json()["error"]

    assert error["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
    assert error["details"][0]["metadata"]["method"].endswith("v1beta.ModelService.ListTunedModels")


@pytest.mark.usefixtures("_no_way_out")
@pytest.mark.parametrize("scopes", [None, [TUNING]], ids=["audience", "scopes"])
def test_self_signed_token_under_strictness(
    guarded_url: str, key_file: Path, key: str, scopes: list[str] | None
) -> None:
    """Google's generated clients send a JWT that the service account signs, and ask for no token."""
    from google.auth.transport.requests import AuthorizedSession
    from google.oauth2.service_account import Credentials

    credentials = Credentials.from_service_account_file(str(key_file), scopes=scopes).with_always_use_jwt_access(True)
    with AuthorizedSession(credentials, default_host=SERVICE) as session:
        session.headers["X-Test-Id"] = key.removeprefix("test-")
        assert owner(session, guarded_url) == "robot@example.com"
    assert credentials.token.count(".") == 2


@pytest.mark.usefixtures("_no_way_out")
def test_unknown_key_file_gets_no_token(sessions: Any, guarded_url: str, key_file: Path) -> None:
    """The token endpoint refuses a key with an unknown id."""
    from google.auth.exceptions import RefreshError
    from google.oauth2.service_account import Credentials

    info = json.loads(key_file.read_text()) | {"private_key_id": "0123456789"}
    session = sessions(Credentials.from_service_account_info(info, scopes=[TUNING]))

    with pytest.raises(RefreshError, match="invalid_grant: Invalid JWT Signature"):
        session.get(f"{guarded_url}/v1beta/tunedModels")


def refreshable(url: str, key: str, *scopes: str) -> Any:
    """Return credentials of Alice that have only a refresh token."""
    from google.oauth2.credentials import Credentials

    token = credential(url, "refresh-token", "--user", "alice@example.com")
    uri = f"{url}/token?key={key}"
    return Credentials(None, token, token_uri=uri, client_id="any", client_secret="any", scopes=scopes or None)


def test_refresh_token(sessions: Any, guarded_url: str, key: str) -> None:
    """Credentials made in code get a token of the server, for the scopes that they ask for."""
    credentials = refreshable(guarded_url, key, TUNING)

    assert owner(sessions(credentials), guarded_url) == "alice@example.com"
    assert credentials.granted_scopes == [TUNING]


def test_refresh_token_for_more_than_it_has(sessions: Any, guarded_url: str, key: str) -> None:
    """The token endpoint refuses scopes that the refresh token does not have."""
    from google.auth.exceptions import RefreshError

    session = sessions(refreshable(guarded_url, key, TUNING, DRIVE))

    with pytest.raises(RefreshError, match="invalid_scope"):
        session.get(f"{guarded_url}/v1beta/tunedModels")


def test_access_token_of_the_command(sessions: Any, guarded_url: str, key: str) -> None:
    """The command prints an access token of the world that its option names."""
    from google.oauth2.credentials import Credentials

    token = credential(guarded_url, "access-token", "--world", key.removeprefix("test-"))

    assert owner(sessions(Credentials(token=token)), guarded_url) == "developer@example.com"
