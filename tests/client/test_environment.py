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
        ("mock", "http://mock"),
        (" 127.0.0.1:9480\n", "http://127.0.0.1:9480"),
        ("", None),
        (" ", None),
    ],
)
def test_emulator_host_has_a_scheme_or_not(monkeypatch: pytest.MonkeyPatch, value: str, url: str | None) -> None:
    """TUNEDMODELS_EMULATOR_HOST is host:port or a URL; empty is as good as unset."""
    monkeypatch.setenv("TUNEDMODELS_EMULATOR_HOST", value)

    assert _environment.emulator_url() == url


def test_emulator_host_that_is_a_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port alone is refused with what was meant; as a host it would be an address far away."""
    monkeypatch.setenv("TUNEDMODELS_EMULATOR_HOST", "9480")

    with pytest.raises(ValueError, match=r"TUNEDMODELS_EMULATOR_HOST=9480 is a port alone; .* 127\.0\.0\.1:9480"):
        _environment.emulator_url()


def test_nothing_is_set() -> None:
    """Without variables there is neither a server nor anybody who calls."""
    assert _environment.emulator_url() is None
    assert _environment.base_url() is None
    assert _environment.api_key() is None
    assert _environment.credentials_file() is None
    assert _environment.metadata_host() is None


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("GOOGLE_GEMINI_BASE_URL", _environment.base_url),
        ("GOOGLE_APPLICATION_CREDENTIALS", _environment.credentials_file),
        ("GCE_METADATA_HOST", _environment.metadata_host),
    ],
)
def test_plain_variables(monkeypatch: pytest.MonkeyPatch, name: str, read: object) -> None:
    """The value is taken as it is; empty is as good as unset."""
    assert callable(read)
    monkeypatch.setenv(name, "https://proxy.test")
    assert read() == "https://proxy.test"

    monkeypatch.setenv(name, "")
    assert read() is None


def test_google_api_key_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two keys GOOGLE_API_KEY counts, as in google-genai; an empty one does not."""
    monkeypatch.setenv("GEMINI_API_KEY", "gemini")
    assert _environment.api_key() == "gemini"

    monkeypatch.setenv("GOOGLE_API_KEY", "")
    assert _environment.api_key() == "gemini"

    monkeypatch.setenv("GOOGLE_API_KEY", "google")
    assert _environment.api_key() == "google"
