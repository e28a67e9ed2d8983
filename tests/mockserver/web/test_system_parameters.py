"""Tests the system parameters, which every method takes besides its own."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

PROMPT = {"contents": [{"parts": [{"text": "55"}]}]}


# -- alt -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "$alt=json;enum-encoding=int",
        "%24alt=json%3Benum-encoding%3Dint",
        "$alt=json%3Benum-encoding=int",
        "alt=json;enum-encoding=int",
        "alt=JSON%3bENUM-encoding%3dint",
    ],
)
def test_enums_as_numbers(http: FlaskClient, active: str, query: str) -> None:
    """``enum-encoding=int`` works in every percent-encoding that clients send; the status of an error is a name."""
    assert http.get(f"/v1beta/{active}?{query}").get_json()["state"] == 2
    assert http.get(f"/v1beta/tunedModels?{query}").get_json()["tunedModels"][0]["state"] == 2
    assert http.get(f"/v1beta/tunedModels/none?{query}").get_json()["error"]["status"] == "NOT_FOUND"


def test_enums_as_numbers_within_messages(http: FlaskClient, active: str) -> None:
    """The response in a finished operation and the events of a stream have numbers, too."""
    alt = "alt=json;enum-encoding=int"
    operation = http.get(f"/v1beta/{active}/operations?{alt}").get_json()["operations"][0]
    events = http.post(f"/v1beta/{active}:streamGenerateContent?alt=sse;enum-encoding=int", json=PROMPT).text

    assert operation["response"]["state"] == 2
    assert '"probability": 1' in events


@pytest.mark.parametrize("query", ["", "alt=", "$alt=", "alt=json", "$alt=json", "alt=json;enum-encoding=string"])
def test_enums_as_names(http: FlaskClient, active: str, query: str) -> None:
    """Names are the default."""
    assert http.get(f"/v1beta/{active}?{query}").get_json()["state"] == "ACTIVE"


@pytest.mark.parametrize("name", ["alt", "$alt", "%24alt"])
def test_server_sent_events(http: FlaskClient, active: str, name: str) -> None:
    """``alt=sse`` makes a stream one of events."""
    response = http.post(f"/v1beta/{active}:streamGenerateContent?{name}=sse", json=PROMPT)

    assert response.content_type == "text/event-stream"
    assert response.text.startswith("data: {")


def test_an_answer_without_stream_is_one_event(http: FlaskClient, active: str) -> None:
    """With ``alt=sse`` it has the form of an event of a stream; an error stays an envelope."""
    whole = http.post(f"/v1beta/{active}:generateContent", json=PROMPT).get_json()
    response = http.post(f"/v1beta/{active}:generateContent?alt=sse", json=PROMPT, headers={"Accept-Encoding": "gzip"})

    assert response.content_type == "text/event-stream"
    assert "Content-Encoding" not in response.headers
    event = response.text.removeprefix("data: ").removesuffix("\r\n\r\n")
    assert response.text == f"data: {event}\r\n\r\n"
    assert "\n" not in event
    assert json.loads(event) == whole
    model = http.get(f"/v1beta/{active}?alt=sse&fields=name")
    assert model.text == f'data: {{"name": "{active}"}}\r\n\r\n'
    assert http.post(f"/v1beta/{active}:generateContent?alt=sse", json={}).get_json()["error"]["code"] == 400


@pytest.mark.parametrize("alt", ["proto", "media", "xml"])
def test_an_unknown_alt_is_refused(
    http: FlaskClient, create: Callable[[FlaskClient], str], tutorial: Callable[[], Any], alt: str
) -> None:
    """The method does not run."""
    create(http)
    response = http.post(f"/v1beta/tunedModels?alt={alt}", json=tutorial())

    assert response.status_code == 400
    assert response.get_json()["error"]["message"].startswith(f"Invalid value \"{alt}\" for the parameter 'alt'")
    assert len(http.get("/v1beta/tunedModels").get_json()["tunedModels"]) == 1


# -- prettyPrint, $.xgafv ------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["prettyPrint=false", "$prettyPrint=0", "%24prettyPrint=False"])
def test_compact(http: FlaskClient, active: str, query: str) -> None:
    """Without pretty-printing, which is the default, an answer or an error is one line."""
    assert '  "state": "ACTIVE",' in http.get(f"/v1beta/{active}").text.splitlines()
    model = http.get(f"/v1beta/{active}?{query}&fields=name,state").text
    error = http.get(f"/v1beta/tunedModels/none?{query}").text

    assert model == f'{{"name":"{active}","state":"ACTIVE"}}\n'
    assert error.startswith('{"error":{"code":404,"message":')
    assert error.count("\n") == 1


@pytest.mark.parametrize(("query", "has_list"), [("$.xgafv=1", True), ("%24.xgafv=1", True), ("$.xgafv=2", False)])
def test_errors_of_the_first_form(http: FlaskClient, query: str, has_list: bool) -> None:
    """``$.xgafv=1`` adds a list of errors between message and status."""
    error = http.get(f"/v1beta/tunedModels/none?{query}").get_json()["error"]
    message = "Tuned model tunedModels/none does not exist."

    assert list(error) == ["code", "message", *["errors"] * has_list, "status"]
    assert error.get("errors", []) == [{"message": message, "domain": "global", "reason": "notFound"}] * has_list


def test_xgafv_needs_its_dollar(http: FlaskClient) -> None:
    """The parameter is unknown without it."""
    assert http.get("/v1beta/tunedModels?.xgafv=1").status_code == 400


# -- fields --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query", ["fields=name,tuningTask/hyperparameters", "$fields=name,tuning_task(hyperparameters)"]
)
def test_fields(http: FlaskClient, active: str, query: str) -> None:
    """The answer has only the requested members."""
    assert http.get(f"/v1beta/{active}?{query}").get_json() == {
        "name": active,
        "tuningTask": {"hyperparameters": {"epochCount": 5, "batchSize": 2, "learningRate": 0.001}},
    }


def test_fields_in_a_header(http: FlaskClient, active: str) -> None:
    """``X-Goog-FieldMask`` has the same effect, and the query takes precedence; an error is complete."""
    header = {"X-Goog-FieldMask": "state"}

    assert http.get(f"/v1beta/{active}", headers=header).get_json() == {"state": "ACTIVE"}
    assert http.get(f"/v1beta/{active}?fields=name", headers=header).get_json() == {"name": active}
    assert http.get("/v1beta/tunedModels/none?fields=name").get_json()["error"]["code"] == 404


def test_fields_of_a_stream(http: FlaskClient, active: str) -> None:
    """The mask applies to each chunk."""
    path = f"/v1beta/{active}:streamGenerateContent?fields=usageMetadata/promptTokenCount"
    chunks = http.post(path, json=PROMPT).get_json()

    assert chunks
    assert {json.dumps(chunk) for chunk in chunks} == {'{"usageMetadata": {"promptTokenCount": 2}}'}


def test_fields_of_an_operation(http: FlaskClient, active: str) -> None:
    """The mask can name members of an Any."""
    path = f"/v1beta/{active}/operations?fields=operations(done,metadata/completedPercent)"

    assert http.get(path).get_json() == {"operations": [{"metadata": {"completedPercent": 100}, "done": True}]}


def test_unknown_fields_are_refused(
    http: FlaskClient, create: Callable[[FlaskClient], str], tutorial: Callable[[], Any]
) -> None:
    """The method does not run."""
    create(http)
    response = http.post("/v1beta/tunedModels?fields=name,metadata,x.y", json=tutorial())

    assert response.status_code == 400
    assert response.get_json() == {
        "error": {
            "code": 400,
            "message": "Request contains an invalid argument.",
            "status": "INVALID_ARGUMENT",
            "details": [
                {
                    "@type": "type.googleapis.com/google.rpc.BadRequest",
                    "fieldViolations": [
                        {
                            "field": "name,metadata,x.y",
                            "description": "Error expanding 'fields' parameter. "
                            "Cannot find matching fields for path 'x'.",
                        }
                    ],
                }
            ],
        }
    }
    assert len(http.get("/v1beta/tunedModels").get_json()["tunedModels"]) == 1


# -- Other parameters ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query", ["quotaUser=a", "$callback=f", "uploadType=x", "upload_protocol=x", "$apiVersion=1", "$ct=a", "$unique=1"]
)
def test_parameters_that_change_nothing(http: FlaskClient, query: str) -> None:
    """No method gets the other system parameters."""
    assert http.get(f"/v1beta/tunedModels?{query}").text == "{}\n"


# -- The method ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("override", ["PATCH", "patch"])
def test_method_override(http: FlaskClient, active: str, override: str) -> None:
    """A POST can name another method."""
    headers = {"X-HTTP-Method-Override": override}
    response = http.post(f"/v1beta/{active}", json={"description": "d"}, headers=headers)

    assert response.get_json() == {"description": "d"}


def test_override_of_reading_and_deleting(http: FlaskClient, active: str) -> None:
    """A POST can name GET and DELETE, with a body, too."""
    get = http.post(f"/v1beta/{active}", json={}, headers={"X-HTTP-Method-Override": "GET"})
    delete = http.post(f"/v1beta/{active}", json={}, headers={"X-HTTP-Method-Override": "DELETE"})

    assert get.get_json()["name"] == active
    assert delete.text == "{}\n"
    assert http.get(f"/v1beta/{active}").status_code == 404


@pytest.mark.parametrize(("http_method", "override"), [("GET", "DELETE"), ("POST", "OPTIONS"), ("POST", "NONSENSE")])
def test_overrides_that_are_ignored(http: FlaskClient, active: str, http_method: str, override: str) -> None:
    """Only a POST can name another method, which must be one of the API."""
    http.open(f"/v1beta/{active}", method=http_method, headers={"X-HTTP-Method-Override": override})

    assert http.get(f"/v1beta/{active}").status_code == 200


# -- Compression ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "accepted", ["gzip", "gzip, deflate, br", "deflate, gzip;q=0.5", "GZIP", "*", "identity;q=0, *", "*;q=0, gzip"]
)
def test_compressed(http: FlaskClient, active: str, accepted: str) -> None:
    """An answer or an error is gzipped if the client accepts it."""
    for path in (f"/v1beta/{active}", "/v1beta/tunedModels/none"):
        plain = http.get(path)
        packed = http.get(path, headers={"Accept-Encoding": accepted})

        assert packed.headers["Content-Encoding"] == "gzip"
        assert packed.headers["Content-Length"] == str(len(packed.data))
        assert gzip.decompress(packed.data) == plain.data


@pytest.mark.parametrize(
    "accepted", ["", "identity", "deflate, br", "gzip;q=0", "gzip; q=0.000", "*, gzip;q=0", "*;q=0"]
)
def test_not_compressed(http: FlaskClient, active: str, accepted: str) -> None:
    """The client does not accept gzip, or with the quality 0 only."""
    response = http.get(f"/v1beta/{active}", headers={"Accept-Encoding": accepted})

    assert "Content-Encoding" not in response.headers
    assert response.get_json()["name"] == active


def test_streams_are_not_compressed(http: FlaskClient, active: str) -> None:
    """The server sends each chunk at once."""
    path = f"/v1beta/{active}:streamGenerateContent"
    response = http.post(path, json=PROMPT, headers={"Accept-Encoding": "gzip"})

    assert "Content-Encoding" not in response.headers
    assert response.text.startswith("[{")
