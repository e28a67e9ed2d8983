"""The short way of the API's requests, and who goes the way of Flask."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, has_request_context, request

from tunedmodels_mockserver import create_app
from tunedmodels_mockserver.core.methods import access

from ..conftest import ok


@pytest.fixture
def app() -> Flask:
    return create_app()


@pytest.mark.parametrize("path", ["/v1beta/tunedModels/x", "/v1beta/tunedModels/%C3%A9", "//v1beta/tunedModels/x"])
def test_a_model_is_missing_by_both_ways(app: Flask, path: str) -> None:
    """The way changes nothing in the answer: HEAD always goes the way of Flask."""
    client = app.test_client()
    short, whole = client.get(path), client.head(path)

    assert short.status_code == whole.status_code == 404
    names = [name for name, _ in whole.headers if name != "Server-Timing"]
    assert [name for name, _ in short.headers if name != "Server-Timing"] == names


def test_flask_makes_a_context_only_for_hooks(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function that runs before each request sees the requests of the API, too."""
    contexts: list[bool] = []

    def delete(*_: Any) -> dict[str, Any]:
        contexts.append(has_request_context())
        raise RuntimeError("a bug")

    monkeypatch.setattr(access, "find", delete)
    paths: list[str] = []
    client = app.test_client()
    assert client.get("/v1beta/tunedModels/x").status_code == 500
    app.before_request(lambda: paths.append(request.path))
    assert client.get("/v1beta/tunedModels/x").status_code == 500

    assert contexts == [False, True]
    assert paths == ["/v1beta/tunedModels/x"]


def test_a_path_keeps_its_route_for_one_method_alone(app: Flask) -> None:
    """Requests with another method for the same path get the route of that method."""
    client = app.test_client()
    assert ok(client.get("/v1beta/tunedModels")) == {}
    assert client.post("/v1beta/tunedModels", json={}).status_code == 400
    assert client.delete("/v1beta/tunedModels").status_code == 404
