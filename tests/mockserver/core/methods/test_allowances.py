"""Tests compatibility allowances: each applies by default with a note, and none applies with ``strict``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tunedmodels_mockserver import Settings, create_app
from tunedmodels_mockserver.core.methods.allowances import ALLOWANCES

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tunedmodels_mockserver import ManualClock

NOTE = "X-Tunedmodels-Note"
TURN = {"role": "user", "parts": [{"text": "1"}]}

Ask = Callable[["FlaskClient", str, dict[str, Any]], "TestResponse"]


class Case(NamedTuple):
    """A call that an allowance permits, and the error message of the service; None is the page for unknown routes.

    The call gets a client, the name of a tuned model and the body of the tutorial. In a message ``{}`` is that name.
    """

    ask: Ask
    message: str | None


def get(path: str) -> Ask:
    """Return a call that gets *path*."""
    return lambda client, name, _: client.get(environ_overrides={"PATH_INFO": path.format(name)})


def post(path: str, body: dict[str, Any] | None = None) -> Ask:
    """Return a call that sends *body* to *path*."""
    return lambda client, name, _: client.post(path.format(name), json=body or {})


def create_without(member: str) -> Ask:
    """Return a call that creates a model without a *member* of the task."""

    def ask(client: FlaskClient, _name: str, body: dict[str, Any]) -> TestResponse:
        del body["tuning_task"][member]
        return client.post("/v1beta/tunedModels", json=body)

    return ask


def cancel(client: FlaskClient, name: str, _body: dict[str, Any]) -> TestResponse:
    """Cancel the operation of the model in another version than v1."""
    operation = client.get(f"/v1beta/{name}/operations").get_json()["operations"][0]["name"]
    return client.post(f"/v1beta/{operation}:cancel")


TEXT_REQUEST = {"contents": [TURN], "generationConfig": {"responseModalities": ["TEXT"]}}
WITH_INSTRUCTION = {"contents": [TURN], "systemInstruction": {"parts": [{"text": "a"}]}}
UNKNOWN = "Invalid JSON payload received. Unknown name"
FIELD = ": Cannot find field."
NO_DATA = "* CreateTunedModelRequest.tuned_model.tuning_task.training_data: training_data is not specified\n"
NO_NAME = "* GetModelRequest.name: unexpected model name format\n"
NO_MODEL = "* GenerateContentRequest.model: unexpected model name format\n"
NO_MODEL_TO_COUNT = "* CountTokensRequest.model: unexpected model name format\n"

CASES: dict[str, list[Case]] = {
    "v1-tuned-models": [
        Case(get("/v1/tunedModels"), None),
        Case(get("/v1/{}"), None),
        Case(get("/v1/{}/permissions"), None),
        Case(lambda client, name, _: client.patch(f"/v1/{name}", json={"description": "d"}), None),
        Case(lambda client, name, _: client.delete(f"/v1/{name}"), None),
        Case(lambda client, _, body: client.post("/v1/tunedModels", json=body), None),
    ],
    "v1-members": [
        Case(
            post("/v1/{}:generateContent", TEXT_REQUEST),
            f"{UNKNOWN} \"responseModalities\" at 'generation_config'{FIELD}",
        ),
        Case(
            post("/v1/{}:streamGenerateContent", TEXT_REQUEST),
            f"{UNKNOWN} \"responseModalities\" at 'generation_config'{FIELD}",
        ),
    ],
    "no-training-data": [Case(create_without("training_data"), NO_DATA)],
    "models-prefix": [
        Case(get("/v1beta/models/{}"), NO_NAME),
        Case(get("/v1/models/{}"), NO_NAME),
        Case(post("/v1beta/models/{}:generateContent", {"contents": [TURN]}), NO_MODEL),
        Case(post("/v1/models/{}:streamGenerateContent", {"contents": [TURN]}), NO_MODEL),
        Case(post("/v1alpha/models/{}:countTokens", {"contents": [TURN]}), NO_MODEL_TO_COUNT),
    ],
    "cancel-model": [Case(post(f"/{version}/{{}}:cancel"), None) for version in ("v1", "v1beta", "v1alpha", "v1beta3")],
    "cancel-beta": [Case(cancel, None)],
    "count-tokens": [
        Case(post("/v1beta/{}:countTokens", {"contents": [TURN]}), None),
        Case(post("/v1/{}:countTokens", {"contents": [TURN]}), None),
    ],
    "doubled-slashes": [Case(get("//v1beta/{}"), None), Case(get("/v1beta//{}"), None)],
    "system-instruction": [
        Case(
            post("/v1beta/{}:generateContent", WITH_INSTRUCTION),
            "Developer instruction is not enabled for {}",
        )
    ],
    "multi-turn": [
        Case(
            post("/v1beta/{}:streamGenerateContent", {"contents": [TURN, {**TURN, "role": "model"}, TURN]}),
            "Multiturn chat is not enabled for {}",
        )
    ],
}

ROWS = [
    pytest.param(allowance, case, id=f"{allowance}-{place}")
    for allowance, cases in CASES.items()
    for place, case in enumerate(cases)
]


def test_every_allowance_has_a_case() -> None:
    """The cases and the allowances have the same ids."""
    assert set(CASES) == set(ALLOWANCES)


@pytest.mark.parametrize(("allowance", "case"), ROWS)
def test_allowance_applies_by_default(
    http: FlaskClient, active: str, tutorial: Callable[[], dict[str, Any]], allowance: str, case: Case
) -> None:
    """The call gets its answer, with a note that names the allowance, its reason and the way round it."""
    response = case.ask(http, active, tutorial())

    assert response.status_code == 200, response.text
    (note,) = response.headers.getlist(NOTE)
    assert note == f"{allowance}: {ALLOWANCES[allowance].note}"
    assert note.isascii()
    assert note.isprintable()


@pytest.mark.parametrize(("allowance", "case"), ROWS)
def test_strict_server_refuses_as_the_service_does(
    strict_http: FlaskClient,
    clock: ManualClock,
    create: Callable[[FlaskClient], str],
    tutorial: Callable[[], dict[str, Any]],
    allowance: str,
    case: Case,
) -> None:
    """The answer is the error of the service, and no note names the allowance."""
    name = create(strict_http)
    clock.advance(30)
    response = case.ask(strict_http, name, tutorial())

    assert allowance not in response.headers.get(NOTE, "")
    if case.message is None:
        assert response.status_code == 404
        assert response.content_type == "text/html; charset=UTF-8"
    else:
        answer = response.get_json()
        error = (answer[0] if isinstance(answer, list) else answer)["error"]
        assert (error["code"], error["message"]) == (400, case.message.format(name))


def test_a_call_without_an_allowance_has_no_note(http: FlaskClient, active: str) -> None:
    """The service answers such a call, too."""
    response = http.post(f"/v1beta/{active}:generateContent", json={"contents": [TURN]})

    assert response.status_code == 200
    assert NOTE not in response.headers


def test_several_notes(http: FlaskClient, active: str) -> None:
    """Each allowance that applies has its own header."""
    body = {"contents": [TURN, TURN], "systemInstruction": {"parts": [{"text": "a"}]}}
    path = f"//v1beta/models/{active}:generateContent"
    response = http.post(json=body, environ_overrides={"PATH_INFO": path})

    notes = [note.partition(":")[0] for note in response.headers.getlist(NOTE)]
    assert notes == ["doubled-slashes", "models-prefix", "system-instruction", "multi-turn"]


def test_v1_reads_members_of_v1beta(http: FlaskClient, active: str) -> None:
    """A system instruction under /v1 needs two allowances: for a member of another version, and for the instruction."""
    response = http.post(f"/v1/{active}:generateContent", json={**TEXT_REQUEST, **WITH_INSTRUCTION})

    notes = [note.partition(":")[0] for note in response.headers.getlist(NOTE)]
    assert response.status_code == 200, response.text
    assert notes == ["v1-members", "system-instruction"]


def test_v1_strictly_has_no_system_instruction(
    strict_http: FlaskClient, clock: ManualClock, create: Callable[[FlaskClient], str]
) -> None:
    """With strict the member is unknown to v1, and the model does not matter."""
    name = create(strict_http)
    clock.advance(30)
    response = strict_http.post(f"/v1/{name}:generateContent", json=WITH_INSTRUCTION)

    assert response.status_code == 400
    assert response.get_json()["error"]["message"] == f'{UNKNOWN} "systemInstruction"{FIELD}'
    assert NOTE not in response.headers


def test_members_that_no_version_has_are_refused_by_v1(http: FlaskClient, active: str) -> None:
    """The error is that of v1, with a line for each member that v1 does not have."""
    response = http.post(f"/v1/{active}:generateContent", json={**WITH_INSTRUCTION, "nope": 1})

    assert response.status_code == 400
    lines = response.get_json()["error"]["message"].split("\n")
    assert sorted(lines) == [f'{UNKNOWN} "nope"{FIELD}', f'{UNKNOWN} "systemInstruction"{FIELD}']
    assert NOTE not in response.headers


def test_base_models_under_v1_have_no_allowance(http: FlaskClient) -> None:
    """A member that v1 does not have is refused for a base model."""
    response = http.post("/v1/models/gemini-1.5-flash:generateContent", json=WITH_INSTRUCTION)

    assert response.status_code == 400
    assert NOTE not in response.headers


def test_an_allowance_is_logged_as_a_warning_once(caplog: pytest.LogCaptureFixture) -> None:
    """A polling loop does not fill the log: later requests have the debug level, another allowance is a warning."""
    with caplog.at_level("DEBUG", logger="tunedmodels_mockserver"):
        for strict in (False, True):
            client = create_app(Settings(strict=strict)).test_client()
            for path in ("/v1/tunedModels", "/v1/tunedModels", "/v1beta//tunedModels"):
                client.get(path)

    records = [
        (record.levelname, record.getMessage().split(": ")[1])
        for record in caplog.records
        if record.levelname == "WARNING" or "doubled" in record.getMessage() or "v1-tuned" in record.getMessage()
    ]
    allowed = [("WARNING", "v1-tuned-models"), ("DEBUG", "v1-tuned-models"), ("WARNING", "doubled-slashes")]
    assert records == [
        *allowed,
        *[("WARNING", "unknown-route")] * 3,
    ]  # with strict no allowance applies, and the log says so


def test_a_call_with_an_allowance_is_checked(http: FlaskClient, active: str) -> None:
    """The error for another mistake has the note, too."""
    response = http.patch(f"/v1/{active}", json={"x": 1})

    assert response.status_code == 400
    assert response.headers[NOTE].startswith("v1-tuned-models:")
