"""The client, the mock server and the contracts each have patterns of credentials. Here they get the same texts."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from urllib.parse import quote

import pytest

from tunedmodels._transport import real_credentials as client
from tunedmodels_contracts.recordings import Scrubber, scan, secret_patterns
from tunedmodels_mockserver.core.callers import real_credentials as mock_server
from tunedmodels_mockserver.core.journal import masking


def jwt(**header: str) -> str:
    parts = [header, {"iss": "robot@my-project.iam.gserviceaccount.com", "exp": 1_700_000_000}]
    header_and_claims = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join((*header_and_claims, "c2lnbmF0dXJl"))


# Made up, in the forms of Google's own. They are joined from parts, so that no scanner stops at this file.
CREDENTIALS = {
    "API key": "AIza" + "SyB0123456789-abcdefghijklmnop_QRST",
    "new API key": "AQ." + "Ab8RN6-0123456789_abcdefghijklmnopqrstuv",
    "access token": "ya29." + "a0AfB_byC0123456789-abcdefghij",
    "access token of a service account": "ya29." + "c.c0ASRK0Ga0123456789.abcdefghij_0123",
    "refresh token": "1//" + "0g0123456789-abcdefghij_klmnop",
    "client secret": "GOCSPX-" + "0123456789abcdefghij-klmnopq",
    "JWT": jwt(alg="RS256", kid="0123456789abcdef" * 2 + "01234567"),
}
SHORT_CREDENTIALS = {
    "short API key": "AIza" + "SyA-some-key",
    "short new API key": "AQ." + "some-short-key",
    "short access token": "ya29." + "some-token",
    "short client secret": "GOCSPX-" + "some-secret",
}
"""Tests make up such keys, so the client sends them and the mock server accepts them. Nothing writes them down."""

OTHER_SECRETS = {
    "JWT of a test": jwt(alg="RS256", kid="1"),
    "authorization code": "4/" + "0AeaYSHBKrY911S466QjKQ",
    "private key": "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\n-----END PRIVATE KEY-----",
    "private RSA key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEvQIBADANBgkq\n-----END RSA PRIVATE KEY-----",
}
SECRETS = [*CREDENTIALS.values(), *SHORT_CREDENTIALS.values(), *OTHER_SECRETS.values()]
INNOCENT = [
    "",
    "models/gemini-1.0-pro-001",
    "tunedModels/number-generator-model-dzlmi0gswwqb/operations/bvl8dymw0fhw",
    "test-me",
    "test-w1",
    "test-w1/alice@example.com",
    "alice@example.com",
    "API key not valid. Please pass a valid API key.",
    "Expected OAuth 2 access token, login cookie or other valid authentication credential.",
    "https://service.test/v1beta/models?pageSize=1000&pageToken=abc&alt=json",
    "2024-03-14T15:11:23.766989274Z",
    "AIza",
    "the keys begin with AIza or AQ. and tokens with ya29. or 1//.",
    "1//2 and 3/4/5",
    "Read the FAQ.md first",
    "eyJ",
    "GOCSPX-",
    "PRIVATE KEY",
    "the bearer of it",
]
DETECTORS: dict[str, Callable[[str], bool]] = {
    "client": client.looks_real,
    "mock server": lambda text: mock_server.kind((text,)) is not None,
    "contracts": secret_patterns.looks_real,
}
"""Whether a credential looks real, so that it must not be sent to a mock server."""

MASKS: dict[str, Callable[[str], str]] = {
    "mock server": masking.mask_text,
    "contracts": lambda text: Scrubber().scrub_text(text),
}
"""A text without its secrets, as the journal or a recording keeps it."""

PLACES = ["{}", "a {} b", "Bearer {}", '{{"text": "{}"}}', "https://h.test/v1?x={}&alt=sse", "{}."]
SECRET_NAMES = [
    *("access_token", "actor_token", "api_key", "assertion", "client_assertion", "client_secret", "code_verifier"),
    *("id_token", "oauth_token", "password", "private_key", "refresh_token", "secret", "subject_token", "token"),
    *("Authorization", "Proxy-Authorization", "X-Goog-Api-Key"),
]


@pytest.mark.parametrize("package", DETECTORS)
@pytest.mark.parametrize("name", CREDENTIALS)
def test_real_credentials_are_recognized(package: str, name: str) -> None:
    """They are recognized alone and after the name of a world."""
    assert DETECTORS[package](CREDENTIALS[name])
    assert DETECTORS[package](f"test-w1/{CREDENTIALS[name]}")


@pytest.mark.parametrize("text", [*SHORT_CREDENTIALS.values(), *INNOCENT])
def test_other_credentials_can_be_sent(text: str) -> None:
    """The client sends what the mock server accepts."""
    assert not DETECTORS["client"](text)
    assert not DETECTORS["mock server"](text)


@pytest.mark.parametrize("package", MASKS)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_are_masked(package: str, place: str, secret: str) -> None:
    """Nothing is left of a secret, and nothing else is lost but the full stop behind it."""
    before, after = place.split("{}")[0], place.split("{}")[-1]
    masked = MASKS[package](place.format(secret))
    start, end = before.replace("{{", "{"), after.replace("}}", "}")

    assert secret not in masked
    assert not [part for part in secret.split(".") if len(part) > 5 and part in masked]
    assert masked.startswith(start)
    if "PRIVATE KEY" not in secret:
        assert masked.endswith(end.rstrip("."))


@pytest.mark.parametrize("package", MASKS)
@pytest.mark.parametrize("name", CREDENTIALS)
def test_credentials_are_masked_behind_a_world(package: str, name: str) -> None:
    """The name of the world stays."""
    assert MASKS[package](f"test-w1/{CREDENTIALS[name]}").startswith("test-w1/")
    assert CREDENTIALS[name] not in MASKS[package](f"test-w1/{CREDENTIALS[name]}")


@pytest.mark.parametrize("secret", SECRETS)
def test_scan_stops_at_the_same_secrets(secret: str) -> None:
    """A recording with a secret is not written."""
    assert scan(json.dumps({"text": f"a {secret} b"}))


@pytest.mark.parametrize("package", MASKS)
@pytest.mark.parametrize("text", INNOCENT)
def test_innocent_texts_stay(package: str, text: str) -> None:
    """A text without a secret stays as it is, and nothing takes it for a credential."""
    assert MASKS[package](text) == text
    assert not [name for name, detect in DETECTORS.items() if detect(text)]
    assert scan(json.dumps({"text": text})) == []


@pytest.mark.parametrize("package", MASKS)
@pytest.mark.parametrize("name", SECRET_NAMES)
def test_members_are_secret_by_their_names(package: str, name: str) -> None:
    """The value is masked whatever it looks like, and however the name is spelled."""
    camel = "".join(part.title() for part in name.split("_"))
    for spelling in {name, name.lower(), name.upper(), name.replace("_", "-"), camel[0].lower() + camel[1:]}:
        masked = MASKS[package](json.dumps({spelling: "hunter-two", "other": "stays"}))

        assert "hunter-two" not in masked
        assert json.loads(masked)["other"] == "stays"


@pytest.mark.parametrize("name", [*SECRET_NAMES[:-3], "code", "key", "$key"])
def test_parameters_are_secret_by_their_names(name: str) -> None:
    """The names of parameters are the same in a query of the journal and in one of a recording."""
    for spelling in (name, quote(name, safe="")):
        query = f"pageSize=2&{spelling}=hunter-two&alt=sse"

        assert masking.mask_query(query) == f"pageSize=2&{spelling}=***&alt=sse"
        scrubbed = Scrubber().scrub_text(f"https://h.test/v1?{query}")
        assert "hunter-two" not in scrubbed
        assert scrubbed.endswith("&alt=sse")
