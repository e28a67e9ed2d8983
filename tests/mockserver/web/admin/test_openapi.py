"""Compares the description of the admin surface with the surface itself."""

from __future__ import annotations

import re
from typing import Any

import pytest
import schemathesis
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tunedmodels_mockserver import Settings, create_app

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
VERBS = {"GET", "POST", "PUT", "DELETE", "PATCH"}


@pytest.fixture(scope="module")
def document() -> Any:
    """Return the description of the admin surface."""
    answer = create_app().test_client().get("/_emulator/openapi.json")
    assert answer.status_code == 200
    return answer.json


def test_the_description_has_every_route_and_no_other(document: Any) -> None:
    """Each endpoint of the description has a route, and each route is in the description."""
    app = create_app()
    routes = app.url_map.bind("localhost")
    endpoints = {
        (routes.match(re.sub(r"\{\w+\}", "x", path), verb.upper())[0], verb.upper())
        for path, calls in document["paths"].items()
        for verb in calls
    }

    assert endpoints == {
        (rule.endpoint, verb)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/_emulator")
        for verb in VERBS & (rule.methods or set())
    }


def test_bodies_are_described_by_the_types_that_read_them(document: Any) -> None:
    """A known member is in its schema with its bounds, and unknown members are not allowed."""
    schemas = document["components"]["schemas"]

    assert schemas["Advance"]["properties"]["percent"]["anyOf"][0]["maximum"] == 100
    assert schemas["Advance"]["additionalProperties"] is False
    assert {"method", "error", "latency", "quota", "from"} <= set(schemas["Fault"]["properties"])


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("operation", "tunedModels/x/operations/y"),
        ("operation", "x"),
        ("fault_id", "fault-1"),
        ("rule_id", "/srv/my rules/canned.yaml#1-0a1b2c"),
        ("rule_id", "rule-1"),
        ("name", "before"),
    ],
)
def test_path_parameters_accept_every_name(document: Any, parameter: str, value: str) -> None:
    """The name of an operation has slashes, and the id of a rule in a file has its path."""
    schemas = [
        item["schema"]
        for calls in document["paths"].values()
        for operation in calls.values()
        for item in operation["parameters"]
        if item["in"] == "path" and item["name"] == parameter
    ]

    assert schemas
    assert all(re.search(schema["pattern"], value) for schema in schemas)


# The stream of events has no end.
schema = schemathesis.openapi.from_wsgi("/_emulator/openapi.json", create_app(Settings(seed=1))).exclude(
    path="/_emulator/journal/events"
)


@schema.parametrize()
@settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_every_answer_matches_the_description(case: schemathesis.Case[Any]) -> None:
    """No request gets a 5xx, and the description has the status, content type and body."""
    case.call_and_validate(checks=CHECKS)


@pytest.mark.parametrize(
    ("method", "path", "nearest"),
    [
        ("GET", "/_emulator/clok", "GET /_emulator/clock"),
        ("PUT", "/_emulator/clock", "POST /_emulator/clock"),
        ("GET", "/_emulator/faluts", "GET /_emulator/faults"),
    ],
)
def test_an_unknown_endpoint_is_refused(http: FlaskClient, method: str, path: str, nearest: str) -> None:
    """The answer is a sentence that names the nearest endpoint, and not a page of the API."""
    answer = http.open(path, method=method)

    assert answer.status_code == 404
    assert answer.json == {
        "error": f"There is no endpoint {method} {path}; the nearest is {nearest}. "
        "GET /_emulator/openapi.json describes them all."
    }
