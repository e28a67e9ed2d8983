"""Tests the target url with mock servers and with other servers."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import create_server

import pytest

from tunedmodels_contracts.clauses.clause import Need
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.clock import TargetClock
from tunedmodels_contracts.harness.tuning_runs import body, observe
from tunedmodels_contracts.targets.target import TargetError
from tunedmodels_contracts.targets.url import url
from tunedmodels_mockserver import Clock, Mode, Settings
from tunedmodels_mockserver.core.runs.durations import Pace

from ...servers import serve


class Bare(BaseHTTPRequestHandler):
    """Another server, without base models and without a check of credentials."""

    models: list[dict[str, object]] | None = None

    def do_GET(self) -> None:
        known = self.models is not None and self.path.startswith("/v1beta/models")
        answer = json.dumps({"models": self.models} if known else {}).encode()
        self.send_response(200 if known else 404)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class calls it so
        """Log nothing."""


@contextmanager
def bare(models: list[dict[str, object]] | None = None) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("BareWithModels", (Bare,), {"models": models}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def test_mock_server() -> None:
    """Two users get a new world, waiting moves the clock, and the world is dropped at the end."""
    with serve(Settings(clock=Clock(Mode.MANUAL), auth="strict", strict=True, pace=Pace(5000))) as base_url:
        with url(base_url) as target:
            assert target.capabilities == set(Need)
            assert target.base_model == "models/gemini-1.0-pro-001"
            api = Api(target.session, target.base_url, target.caller)
            parameters = {"tunedModelId": target.scopes.new_id()}
            created = api.post("v1beta/tunedModels", body(target.base_model), parameters)
            run = observe(api, created, target.clock, 1000, 9000)

            assert run.operation["done"]
            assert api.by(target.other).get(f"v1beta/{run.name}").status == 403
            assert api.by(target.key).get("v1beta/tunedModels").status == 200
        with url(base_url) as again:
            assert Api(again.session, again.base_url, again.caller).list_all("v1beta/tunedModels") == []


def test_mock_server_without_strict_credentials() -> None:
    """The server does not check credentials, and its clock moves by itself."""
    with serve(Settings()) as base_url, url(base_url, base_model="gemini-1.0-pro-001") as target:
        assert target.capabilities == {Need.SECOND_CALLER, Need.TUNABLE_MODEL, Need.FAILING_RUN}
        assert target.clock == TargetClock()
        assert target.base_model == "models/gemini-1.0-pro-001"


@pytest.mark.parametrize("mode", Mode)
def test_next_run_fails(mode: Mode) -> None:
    """Only the next run with the id fails, after some of its steps, in each mode of the clock."""
    with serve(Settings(clock=Clock(mode), pace=Pace(1))) as base_url, url(base_url, pause=0.2) as target:
        api = Api(target.session, target.base_url, target.caller)
        runs = []
        for model_id in ("first", "second", "first-too"):
            if model_id == "second":
                target.fail_next_run(model_id)
            created = api.post("v1beta/tunedModels", body(target.base_model), {"tunedModelId": model_id})
            runs.append(observe(api, created, target.clock, target.pause, 30).assert_ended())

        assert ["error" in run.operation for run in runs] == [False, True, False]
        assert 0 < runs[1].operation["metadata"]["completedSteps"] < 38


def test_given_credentials_are_used() -> None:
    """If credentials are given, there is no new world."""
    with (
        serve(Settings()) as base_url,
        url(base_url, token="a@example.com", second_token="b@example.com", key="k") as target,
    ):
        assert (target.caller.token, target.other.token, target.key.token) == ("a@example.com", "b@example.com", "k")


def test_refused_credentials() -> None:
    """If the server refuses the token, the error has the message of the server."""
    with (
        serve(Settings(auth="strict")) as base_url,
        pytest.raises(TargetError) as refusal,
        url(base_url, token="wrong"),
    ):
        pass

    assert "The server refused the credentials: " in str(refusal.value)
    assert "Request had invalid authentication credentials." in str(refusal.value)


def test_other_server() -> None:
    """A server without base models gets the one of the tutorial. There is no second caller unless one is given."""
    with bare() as base_url, url(base_url, bound=5, pause=0.5) as target:
        assert target.capabilities == {Need.TUNABLE_MODEL}
        with pytest.raises(TargetError, match="cannot make the run of a fail"):
            target.fail_next_run("a")
        assert (target.base_model, target.bound, target.pause) == ("models/gemini-1.0-pro-001", 5, 0.5)


def test_server_without_tunable_models() -> None:
    """Clauses that need a model that can be tuned have a reason to be skipped."""
    models: list[dict[str, object]] = [{"name": "models/any", "supportedGenerationMethods": ["generateContent"]}]
    with bare(models) as base_url, url(base_url) as target:
        assert target.base_model == "models/any"
        assert Need.TUNABLE_MODEL not in target.capabilities
        assert target.reason(Need.TUNABLE_MODEL) == "the server lists no base model that can be tuned"


def test_no_server() -> None:
    """The error for a port without a server is one sentence."""
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    with pytest.raises(TargetError, match=f"Nothing answers at http://127.0.0.1:{port}: ConnectionError"):
        url(f"http://127.0.0.1:{port}").__enter__()


def test_invalid_url() -> None:
    """A text that is not a URL is refused."""
    with pytest.raises(TargetError, match="--tunedmodels-url: A base URL begins with http:// or https://"):
        url("localhost:1").__enter__()
