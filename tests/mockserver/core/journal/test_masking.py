"""Tests that the journal masks secrets in every place and spelling."""

from __future__ import annotations

import pytest

from tunedmodels_mockserver.core.journal import masking

SECRETS = [
    "AIza" + "x" * 35,
    "ya29." + "x" * 40,
    "1//" + "x" * 40,
    "GOCSPX-" + "x" * 28,
    "AQ." + "x" * 40,
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmVk",
    "tunedmodels-access~abc~def",
    "-----BEGIN PRIVATE KEY-----abc",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_is_masked_in_a_body_a_path_and_a_query(secret: str) -> None:
    """The mask replaces the secret, and the text around it stays."""
    assert masking.mask_body(f'{{"text": "a {secret}"}}'.encode()) == b'{"text": "a ***"}'
    assert masking.mask_text(f"/v1beta/{secret}") == "/v1beta/***"
    assert masking.mask_query(f"pageSize=1&x={secret}") == "pageSize=1&x=***"


@pytest.mark.parametrize(
    ("query", "masked"),
    [
        ("key=k&pageSize=2", "key=***&pageSize=2"),
        ("%6bey=k", "%6bey=***"),
        ("$.xgafv=1&$key=k", "$.xgafv=1&$key=***"),
        ("access_token=t&oauth_token=u", "access_token=***&oauth_token=***"),
        ("x=%41Iza" + "x" * 35, "x=***"),
        ("accessToken=t&Refresh-Token=u&api_key=k", "accessToken=***&Refresh-Token=***&api_key=***"),
        ("authorization=bearer%20t&subject_token=u", "authorization=***&subject_token=***"),
        ("q=bearer%20abcdefgh", "q=***"),
        ("pageToken=abc&fields=name", "pageToken=abc&fields=name"),
        ("", ""),
    ],
)
def test_credentials_in_a_query_are_masked_in_every_spelling(query: str, masked: str) -> None:
    """Other parameters do not change."""
    assert masking.mask_query(query) == masked


@pytest.mark.parametrize(
    ("body", "masked"),
    [
        (b'{"access_token": "t\\"u", "expires_in": 1}', b'{"access_token": "***", "expires_in": 1}'),
        (b'{"client_secret":"s"}', b'{"client_secret":"***"}'),
        (b'{"accessToken": "a", "refreshToken":"r"}', b'{"accessToken": "***", "refreshToken":"***"}'),
        (b'{"assertion": "a", "Api-Key": "k"}', b'{"assertion": "***", "Api-Key": "***"}'),
        (b'{"X-Goog-Api-Key": "k", "password": "p"}', b'{"X-Goog-Api-Key": "***", "password": "***"}'),
        (b'{"Authorization": "Basic YTpi"}', b'{"Authorization": "***"}'),
        (b"{'access_token': 'it is', 'x': 1}", b"{'access_token': '***', 'x': 1}"),
        (rb'{"log": "{\"access_token\": \"a\\\"b\", \"x\": 1}"}', rb'{"log": "{\"access_token\": \"***\", \"x\": 1}"}'),
        (rb'{"access\u005ftoken": "a"}', b'{"access_token": "***"}'),
        (rb'{"text": "1\/\/' + b"x" * 40 + b'"}', b'{"text": "***"}'),
        (rb'{"text": "a\u002Bb \/ \u0022c"}', rb'{"text": "a\u002Bb \/ \u0022c"}'),
        (b'{"text": "authorization: bearer abcdefgh"}', b'{"text": "authorization: bearer ***"}'),
        (b'{"text": "BEARER abcdefgh"}', b'{"text": "BEARER ***"}'),
        (b'{"text": "the bearer of it", "token": 7}', b'{"text": "the bearer of it", "token": 7}'),
        (b'{"nextPageToken": "n"}', b'{"nextPageToken": "n"}'),
        (b'{"text": "Bearer abcdefgh"}', b'{"text": "Bearer ***"}'),
    ],
)
def test_secret_members_of_a_body_are_masked(body: bytes, masked: bytes) -> None:
    """The name of a member makes it a secret, whatever its value is."""
    assert masking.mask_body(body) == masked


def test_a_form_loses_its_credentials() -> None:
    """The names are those of the token endpoint, in any spelling."""
    assert masking.mask_form(b"refreshToken=r&x=1") == b"refreshToken=***&x=1"
    form = b"grant_type=refresh_token&refresh_token=r&client_secret=s&client_id=i"

    assert masking.mask_form(form) == b"grant_type=refresh_token&refresh_token=***&client_secret=***&client_id=i"


def test_an_authorization_keeps_its_scheme() -> None:
    """The mask replaces the rest."""
    assert masking.mask_authorization("Bearer abc") == "Bearer ***"
    assert masking.mask_authorization("bearer abc") == "bearer ***"
    assert masking.mask_authorization("abc") == "***"
    assert masking.mask_authorization("abc def") == "***"
