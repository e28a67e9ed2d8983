"""Compatibility allowances: each applies by default and says so, and none does under ``strict``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tunedmodels_mockserver.core.methods.allowances import ALLOWANCES

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tunedmodels_mockserver import ManualClock

NOTE = "X-Tunedmodels-Note"
TURN = {"role": "user", "parts": [{"text": "1"}]}

Ask = Callable[["FlaskClient", str, dict[str, Any]], "TestResponse"]


class Case(NamedTuple):
    """A call that an allowance lets through, and what the service says to it: None is the page for unknown routes.

    The call is told a client, the name of a tuned model and the tutorial's body; ``{}`` is that name.
    """

    ask: Ask
    refused: str | None


def get(path: str) -> Ask:
    """Ask for *path*."""
    return lambda client, name, _: client.get(environ_overrides={"PATH_INFO": path.format(name)})


def post(path: str, body: dict[str, Any] | None = None) -> Ask:
    """Send *body* to *path*."""
    return lambda client, name, _: client.post(path.format(name), json=body or {})


def create_without(member: str) -> Ask:
    """Create a model without a *member* of the task."""

    def ask(client: FlaskClient, _name: str, body: dict[str, Any]) -> TestResponse:
        del body["tuning_task"][member]
        return client.post("/v1beta/tunedModels", json=body)

    return ask


def cancel(client: FlaskClient, name: str, _body: dict[str, Any]) -> TestResponse:
    """Cancel the operation of the model outside v1."""
    operation = client.get(f"/v1beta/{name}/operations").get_json()["operations"][0]["name"]
    return client.post(f"/v1beta/{operation}:cancel")


TEXT_WANTED = {"contents": [TURN], "generationConfig": {"responseModalities": ["TEXT"]}}
INSTRUCTED = {"contents": [TURN], "systemInstruction": {"parts": [{"text": "a"}]}}
UNKNOWN = "Invalid JSON payload received. Unknown name"
FIELD = ": Cannot find field."
NO_DATA = "* CreateTunedModelRequest.tuned_model.tuning_task.training_data: training_data is not specified\n"
NO_NAME = "* GetModelRequest.name: unexpected model name format\n"
NO_MODEL = "* GenerateContentRequest.model: unexpected model name format\n"
NO_COUNTED_MODEL = "* CountTokensRequest.model: unexpected model name format\n"

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
            post("/v1/{}:generateContent", TEXT_WANTED),
            f"{UNKNOWN} \"responseModalities\" at 'generation_config'{FIELD}",
        ),
        Case(
            post("/v1/{}:streamGenerateContent", TEXT_WANTED),
            f"{UNKNOWN} \"responseModalities\" at 'generation_config'{FIELD}",
        ),
    ],
    "no-training-data": [Case(create_without("training_data"), NO_DATA)],
    "models-prefix": [
        Case(get("/v1beta/models/{}"), NO_NAME),
        Case(get("/v1/models/{}"), NO_NAME),
        Case(post("/v1beta/models/{}:generateContent", {"contents": [TURN]}), NO_MODEL),
        Case(post("/v1/models/{}:streamGenerateContent", {"contents": [TURN]}), NO_MODEL),
        Case(post("/v1alpha/models/{}:countTokens", {"contents": [TURN]}), NO_COUNTED_MODEL),
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
            post("/v1beta/{}:generateContent", INSTRUCTED),
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
    """None is added without one, and none is left over."""
    assert set(CASES) == set(ALLOWANCES)


@pytest.mark.parametrize(("allowance", "case"), ROWS)
def test_by_default(
    http: FlaskClient, active: str, tutorial: Callable[[], dict[str, Any]], allowance: str, case: Case
) -> None:
    """The call is answered, and the answer's note names the allowance, its reason and the way round."""
    response = case.ask(http, active, tutorial())

    assert response.status_code == 200, response.text
    (note,) = response.headers.getlist(NOTE)
    assert note == f"{allowance}: {ALLOWANCES[allowance].note}"
    assert note.isascii()


@pytest.mark.parametrize(("allowance", "case"), ROWS)
def test_strictly(
    strict_http: FlaskClient,
    clock: ManualClock,
    create: Callable[[FlaskClient], str],
    tutorial: Callable[[], dict[str, Any]],
    allowance: str,
    case: Case,
) -> None:
    """The answer is the service's own, without a note that lets it pass."""
    name = create(strict_http)
    clock.advance(30)
    response = case.ask(strict_http, name, tutorial())

    assert allowance not in response.headers.get(NOTE, "")
    if case.refused is None:
        assert response.status_code == 404
        assert response.content_type == "text/html; charset=UTF-8"
    else:
        answer = response.get_json()
        error = (answer[0] if isinstance(answer, list) else answer)["error"]
        assert (error["code"], error["message"]) == (400, case.refused.format(name))


def test_without_need_nothing_is_noted(http: FlaskClient, active: str) -> None:
    """A call that the service would answer carries no note."""
    response = http.post(f"/v1beta/{active}:generateContent", json={"contents": [TURN]})

    assert response.status_code == 200
    assert NOTE not in response.headers


def test_several_notes(http: FlaskClient, active: str) -> None:
    """Each allowance that applies has a line of its own."""
    body = {"contents": [TURN, TURN], "systemInstruction": {"parts": [{"text": "a"}]}}
    path = f"//v1beta/models/{active}:generateContent"
    response = http.post(json=body, environ_overrides={"PATH_INFO": path})

    notes = [note.partition(":")[0] for note in response.headers.getlist(NOTE)]
    assert notes == ["doubled-slashes", "models-prefix", "system-instruction", "multi-turn"]


def test_v1_reads_what_only_v1beta_has(http: FlaskClient, active: str) -> None:
    """A system instruction under /v1 needs two allowances: one to be read at all, and one to be let by."""
    response = http.post(f"/v1/{active}:generateContent", json={**TEXT_WANTED, **INSTRUCTED})

    notes = [note.partition(":")[0] for note in response.headers.getlist(NOTE)]
    assert response.status_code == 200, response.text
    assert notes == ["v1-members", "system-instruction"]


def test_v1_strictly_has_no_system_instruction(
    strict_http: FlaskClient, clock: ManualClock, create: Callable[[FlaskClient], str]
) -> None:
    """Under strict the member is unknown to v1, which says so before anything about the model."""
    name = create(strict_http)
    clock.advance(30)
    response = strict_http.post(f"/v1/{name}:generateContent", json=INSTRUCTED)

    assert response.status_code == 400
    assert response.get_json()["error"]["message"] == f'{UNKNOWN} "systemInstruction"{FIELD}'
    assert NOTE not in response.headers


def test_what_is_wrong_in_both_versions_is_refused_by_v1(http: FlaskClient, active: str) -> None:
    """The refusal is the one of the version that was asked, every member that it has not among its lines."""
    response = http.post(f"/v1/{active}:generateContent", json={**INSTRUCTED, "nope": 1})

    assert response.status_code == 400
    lines = response.get_json()["error"]["message"].split("\n")
    assert sorted(lines) == [f'{UNKNOWN} "nope"{FIELD}', f'{UNKNOWN} "systemInstruction"{FIELD}']
    assert NOTE not in response.headers


def test_base_models_under_v1_have_no_allowance(http: FlaskClient) -> None:
    """What v1 does not know is refused there for a model of the service's own."""
    response = http.post("/v1/models/gemini-1.5-flash:generateContent", json=INSTRUCTED)

    assert response.status_code == 400
    assert NOTE not in response.headers


def test_an_allowance_is_logged_as_a_warning_once(
    http: FlaskClient, strict_http: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """A loop that polls does not fill the log: later requests are told at debug level, another allowance is news."""
    with caplog.at_level("DEBUG", logger="tunedmodels_mockserver"):
        for client in (http, strict_http):
            for path in ("/v1/tunedModels", "/v1/tunedModels", "/v1beta//tunedModels"):
                client.get(path)

    told = [
        (record.levelname, record.getMessage().split(": ")[1])
        for record in caplog.records
        if record.levelname == "WARNING" or "doubled" in record.getMessage() or "v1-tuned" in record.getMessage()
    ]
    allowed = [("WARNING", "v1-tuned-models"), ("DEBUG", "v1-tuned-models"), ("WARNING", "doubled-slashes")]
    assert told == [*allowed, *[("WARNING", "unknown-route")] * 3]  # under strict no allowance, but no silence


def test_what_an_allowance_lets_through_is_checked_too(http: FlaskClient, active: str) -> None:
    """A refusal of something else carries the note as well."""
    response = http.patch(f"/v1/{active}", json={"x": 1})

    assert response.status_code == 400
    assert response.headers[NOTE].startswith("v1-tuned-models:")


def test_notes_fit_a_header() -> None:
    """A note is a header's value, so it has ASCII only, on one line."""
    for item in ALLOWANCES.values():
        assert item.note.isascii()
        assert item.note.isprintable()
