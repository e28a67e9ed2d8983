"""What a client reads from the environment."""

from __future__ import annotations

import pytest

from tunedmodels import _environment


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("127.0.0.1:9480", "http://127.0.0.1:9480"),
        ("http://127.0.0.1:9480", "http://127.0.0.1:9480"),
        ("https://mock.test", "https://mock.test"),
        ("[::1]:9480", "http://[::1]:9480"),
        ("", None),
    ],
)
def test_emulator_host_has_a_scheme_or_not(monkeypatch: pytest.MonkeyPatch, value: str, url: str | None) -> None:
    """TUNEDMODELS_EMULATOR_HOST is host:port or a URL; empty is as good as unset."""
    monkeypatch.setenv("TUNEDMODELS_EMULATOR_HOST", value)

    assert _environment.emulator_url() == url


def test_nothing_is_set() -> None:
    """Without variables there is neither a server nor a key."""
    assert (_environment.emulator_url(), _environment.base_url(), _environment.api_key()) == (None, None, None)


def test_base_url(monkeypatch: pytest.MonkeyPatch) -> None:
    """GOOGLE_GEMINI_BASE_URL is the base URL; empty is as good as unset."""
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "https://proxy.test")
    assert _environment.base_url() == "https://proxy.test"

    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "")
    assert _environment.base_url() is None


def test_google_api_key_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two keys GOOGLE_API_KEY counts, as in google-genai; an empty one does not."""
    monkeypatch.setenv("GEMINI_API_KEY", "gemini")
    assert _environment.api_key() == "gemini"

    monkeypatch.setenv("GOOGLE_API_KEY", "")
    assert _environment.api_key() == "gemini"

    monkeypatch.setenv("GOOGLE_API_KEY", "google")
    assert _environment.api_key() == "google"
