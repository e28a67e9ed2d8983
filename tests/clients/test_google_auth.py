"""google-auth's AuthorizedSession: what most hand-written clients of Google's APIs send their requests with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

pytestmark = pytest.mark.clients

BODY = {
    "display_name": "counter",
    "base_model": "models/gemini-1.0-pro-001",
    "tuning_task": {"training_data": {"examples": {"examples": [{"text_input": "1", "output": "2"}]}}},
}


@pytest.fixture
def sessions() -> Iterator[Any]:
    """Makes a session of credentials, and closes it in the end."""
    from google.auth.transport.requests import AuthorizedSession

    made = []

    def make(credentials: Any) -> Any:
        made.append(AuthorizedSession(credentials))
        return made[-1]

    yield make
    for session in made:
        session.close()


def owner(session: Any, url: str, **params: str) -> str:
    """Create a model and return the address of its owner, the one who called."""
    created = session.post(f"{url}/v1beta/tunedModels", json=BODY, params=params)
    assert created.status_code == 200, created.text
    name = created.json()["metadata"]["tunedModel"]
    (permission,) = session.get(f"{url}/v1beta/{name}/permissions", params=params).json()["permissions"]
    return str(permission["emailAddress"])


def test_anonymous_credentials(sessions: Any, polling_url: str, key: str) -> None:
    """Anonymous credentials, which send nothing, are as good as any; a key in the query says which world."""
    from google.auth.credentials import AnonymousCredentials

    session = sessions(AnonymousCredentials())

    assert owner(session, polling_url, key=key) == "developer@example.com"
    assert len(session.get(f"{polling_url}/v1beta/tunedModels", params={"key": key}).json()["tunedModels"]) == 1


def test_token_says_who_calls(sessions: Any, polling_url: str, key: str) -> None:
    """A bearer token that has an address makes its bearer the owner, others are kept out."""
    from google.oauth2.credentials import Credentials

    alice = sessions(Credentials(token=f"{key}/alice@example.com"))
    bob = sessions(Credentials(token=f"{key}/bob@example.com"))

    assert owner(alice, polling_url) == "alice@example.com"
    (model,) = alice.get(f"{polling_url}/v1beta/tunedModels").json()["tunedModels"]
    refusal = bob.get(f"{polling_url}/v1beta/{model['name']}")
    assert bob.get(f"{polling_url}/v1beta/tunedModels").json() == {}
    assert (refusal.status_code, refusal.json()["error"]["status"]) == (403, "PERMISSION_DENIED")


def test_quota_project_reads_what_it_is_let(sessions: Any, polling_url: str, key: str) -> None:
    """A caller who is billed to one of the model's reader projects may read it."""
    from google.oauth2.credentials import Credentials

    alice = sessions(Credentials(token=f"{key}/alice@example.com"))
    created = alice.post(f"{polling_url}/v1beta/tunedModels", json={**BODY, "reader_project_numbers": ["123"]})
    model = f"{polling_url}/v1beta/{created.json()['metadata']['tunedModel']}"
    bob = Credentials(token=f"{key}/bob@example.com")

    assert sessions(bob).get(model).status_code == 403
    assert sessions(bob.with_quota_project("123")).get(model).status_code == 200


def test_api_key_credentials(sessions: Any, polling_url: str, key: str) -> None:
    """google-auth's API key credentials, which send the key as a header, are taken."""
    from google.auth.api_key import Credentials

    assert owner(sessions(Credentials(f"{key}/alice@example.com")), polling_url) == "alice@example.com"


def test_service_account_signs_for_itself(sessions: Any, polling_url: str, key: str) -> None:
    """A service account's self-signed token is taken, without a token endpoint; its subject is who calls."""
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
