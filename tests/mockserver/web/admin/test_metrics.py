"""Tests the metrics with Prometheus's own parser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tunedmodels_mockserver import ManualClock, Settings, create_app

from ...conftest import ok

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from flask.testing import FlaskClient


@pytest.fixture
def app(clock: ManualClock) -> Flask:
    """Return a new server, because metrics count from its start."""
    return create_app(Settings(seed=1), clock.now)


def samples(http: FlaskClient) -> dict[tuple[str, ...], float]:
    """Return the values of ``/_emulator/metrics`` by their names and labels, with the labels sorted by name."""
    answer = http.get("/_emulator/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=")
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_requests_are_counted_by_method_and_status(http: FlaskClient, create: Callable[[FlaskClient], str]) -> None:
    """A create, two gets of which one fails, and an unknown route are in the counter and in the histogram."""
    name = create(http)
    ok(http.get(f"/v1beta/{name}"))
    http.get("/v1beta/tunedModels/none")
    http.get("/v9/nothing")
    http.get("/health")
    values = samples(http)

    assert values["tunedmodels_requests_total", "tunedModels.create", "200"] == 1
    assert values["tunedmodels_requests_total", "tunedModels.get", "200"] == 1
    assert sum(value for key, value in values.items() if key[0] == "tunedmodels_requests_total") == 4
    assert values["tunedmodels_requests_total", "unknown", "404"] == 1
    assert values["tunedmodels_request_duration_seconds_count", "tunedModels.get"] == 2
    assert values["tunedmodels_request_duration_seconds_bucket", "+Inf", "tunedModels.get"] == 2


def test_faults_worlds_models_and_journals_are_counted(http: FlaskClient, create: Callable[[FlaskClient], str]) -> None:
    """Faults count by effect; the gauges are sums over all worlds."""
    create(http)
    headers = {"X-Test-Id": "w1"}
    ok(http.post("/_emulator/faults", json={"method": "tunedModels.list", "error": {}}, headers=headers))
    http.get("/v1beta/tunedModels", headers=headers)
    values = samples(http)

    assert values["tunedmodels_faults_fired_total", "error"] == 1
    assert values["tunedmodels_worlds",] == 2
    assert values["tunedmodels_models",] == 1
    assert values["tunedmodels_journal_entries",] == 2
    assert values["tunedmodels_journal_bytes",] > 0


def test_each_server_has_its_own_metrics(http: FlaskClient) -> None:
    """Another server in the same process does not count the requests of this one."""
    http.get("/v1beta/tunedModels")

    assert ("tunedmodels_requests_total", "tunedModels.list", "200") not in samples(create_app().test_client())


def test_the_accept_header_selects_openmetrics(http: FlaskClient) -> None:
    """The default is the text format of Prometheus."""
    answer: Any = http.get("/_emulator/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})

    assert answer.content_type.startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")
