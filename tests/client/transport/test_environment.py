"""Tests of the variables that a client reads from the environment."""

from __future__ import annotations

import pytest

from tunedmodels._transport import environment


def test_nothing_is_set() -> None:
    """Without variables there is no server and no credential."""
    assert environment.emulator_host() is None
    assert environment.base_url() is None
    assert environment.api_key() is None
    assert environment.credentials_file() is None
    assert environment.metadata_host() is None


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("TUNEDMODELS_EMULATOR_HOST", environment.emulator_host),
        ("GOOGLE_GEMINI_BASE_URL", environment.base_url),
        ("GOOGLE_APPLICATION_CREDENTIALS", environment.credentials_file),
        ("GCE_METADATA_HOST", environment.metadata_host),
    ],
)
def test_plain_variables(monkeypatch: pytest.MonkeyPatch, name: str, read: object) -> None:
    """The value is that of the variable; an empty variable is unset."""
    assert callable(read)
    monkeypatch.setenv(name, "https://proxy.test")
    assert read() == "https://proxy.test"

    monkeypatch.setenv(name, "")
    assert read() is None


def test_google_api_key_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """GOOGLE_API_KEY comes before GEMINI_API_KEY, as in google-genai, unless it is empty."""
    monkeypatch.setenv("GEMINI_API_KEY", "gemini")
    assert environment.api_key() == "gemini"

    monkeypatch.setenv("GOOGLE_API_KEY", "")
    assert environment.api_key() == "gemini"

    monkeypatch.setenv("GOOGLE_API_KEY", "google")
    assert environment.api_key() == "google"
