"""Fixtures of the client's tests: no environment, canned answers, a client of them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, TypeVar

import pytest
import responses

from tunedmodels import Client, Models, Operation, Operations, Permissions, TunedModels

URL = "https://service.test"

Test = TypeVar("Test", bound=Callable[..., None])

_PARTS = (Models, Operation, Operations, Permissions, TunedModels)


def public_methods() -> set[str]:
    """The methods that users of a client call, such as ``TunedModels.create``."""
    return {
        f"{part.__name__}.{name}"
        for part in _PARTS
        for name, method in vars(part).items()
        if inspect.isfunction(method) and not name.startswith("_")
    }


def calls(*methods: str) -> Callable[[Test], Test]:
    """Say of a test which public methods it calls; the fixture ``checks_calls_mark`` looks whether it does."""

    def mark(test: Test) -> Test:
        test.calls = frozenset(methods)  # type: ignore[attr-defined]
        return test

    return mark


def called_by(module: ModuleType) -> set[str]:
    """The public methods that the tests of *module* say they call."""
    return {method for test in vars(module).values() for method in getattr(test, "calls", ())}


@pytest.fixture
def checks_calls_mark(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A test calls the methods that it says it calls."""
    called: set[str] = set()

    def record_call(path: str, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def call(*args: Any, **kwargs: Any) -> Any:
            called.add(path)
            return method(*args, **kwargs)

        return call

    for part in _PARTS:
        for name, method in list(vars(part).items()):
            if f"{part.__name__}.{name}" in public_methods():
                monkeypatch.setattr(part, name, record_call(f"{part.__name__}.{name}", method))
    yield
    assert getattr(request.function, "calls", frozenset()) <= called


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "TUNEDMODELS_EMULATOR_HOST",
        "GOOGLE_GEMINI_BASE_URL",
        "GOOGLE_API_KEY",
        "GEMINI_API_KEY",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "GOOGLE_CLOUD_PROJECT",
        "GOOGLE_CLOUD_QUOTA_PROJECT",
        "GCE_METADATA_HOST",
        "GCE_METADATA_IP",
        "GCE_METADATA_ROOT",
    ):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def answers() -> Iterator[responses.RequestsMock]:
    """Canned answers; no request reaches the network, and every answer must be asked for."""
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def client() -> Iterator[Client]:
    """A client of the service that the canned answers stand for; it tries once and waits for nothing."""
    with Client(URL, api_key="the-key", retry=None, sleep=lambda _seconds: None) as client:
        yield client
