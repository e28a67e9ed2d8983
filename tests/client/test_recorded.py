"""The client sends the requests of recorded exchanges and reads their answers.

The recordings of the published tutorial are answers of the service of March 2024. The hand-written ones have the
form of observed answers; each says which of its members are guesses.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import google.oauth2.credentials
import pytest
import requests
import responses

from tunedmodels import (
    Client,
    FailedPrecondition,
    HarmProbability,
    InvalidArgument,
    NotFound,
    OperationFailed,
    Polling,
    QuotaViolation,
    ResourceExhausted,
    Role,
    Timestamp,
    Unauthenticated,
)
from tunedmodels_mockserver.cli.demo import EXAMPLES

from .conftest import URL

FILES = sorted((Path(__file__).parent / "recordings").glob("*.json"))
RECORDINGS = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in FILES}
EXCHANGES = {
    f"{name}/{what}": exchange
    for name, recording in RECORDINGS.items()
    for what, exchange in recording["exchanges"].items()
}

# The headers of every answer of the service in 2024.
HEADERS = {
    "Vary": "Origin,Accept-Encoding",
    "Server": "scaffolding on HTTPServer2",
    "Cache-Control": "private",
    "X-XSS-Protection": "0",
    "X-Frame-Options": "SAMEORIGIN",
    "X-Content-Type-Options": "nosniff",
}

MODEL = "tunedModels/next-number-m1x2"
OPERATION = f"{MODEL}/operations/r6z4bgt2mogq"

Test = TypeVar("Test", bound=Callable[..., None])


def plays_recordings(*names: str) -> Callable[[Test], Test]:
    """Declare the exchanges that a test plays, in the order of its requests."""

    def mark(test: Test) -> Test:
        test.plays = names  # type: ignore[attr-defined]
        return test

    return mark


def covers(whole: Any, part: Any) -> bool:
    """Return whether *whole* has all members of *part*. The client may send more, such as the role of a content."""
    if isinstance(whole, dict) and isinstance(part, dict):
        return all(name in whole and covers(whole[name], part[name]) for name in part)
    if isinstance(whole, list) and isinstance(part, list):
        return len(whole) == len(part) and all(map(covers, whole, part))
    return bool(whole == part)


def matcher(request: dict[str, Any]) -> Callable[[requests.PreparedRequest], tuple[bool, str]]:
    """Return a matcher of requests with the query and the body of *request*."""

    def match(prepared: requests.PreparedRequest) -> tuple[bool, str]:
        query = dict(parse_qsl(urlsplit(prepared.url or "").query))
        body = json.loads(prepared.body) if prepared.body else None
        expected = request.get("query", {}), request.get("json")
        fits = (not expected[0] or query == expected[0]) and (expected[1] is None or covers(body, expected[1]))
        return fits, f"{query} {body} is not {expected}"

    return match


@pytest.fixture
def client(request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client that gets the answers of the test's exchanges, each once and in their order."""
    credentials: Any = google.oauth2.credentials.Credentials("token")
    with responses.RequestsMock(registry=responses.registries.OrderedRegistry) as mock:
        for name in getattr(request.function, "plays", ()):
            question, answer = EXCHANGES[name]["request"], EXCHANGES[name]["response"]
            text = answer.get("text") or json.dumps(answer["json"], indent=2, ensure_ascii=False) + "\n"
            mock.add(
                question["method"],
                f"{URL}{question['path']}",
                body=text.encode(),
                status=answer.get("status", 200),
                content_type=answer.get("content_type", "application/json; charset=UTF-8"),
                headers=HEADERS,
                match=[matcher(question)],
            )
        with Client(URL, credentials=credentials, retry=None, polling=Polling(0)) as client:
            yield client


def test_every_exchange_is_played() -> None:
    """The tests play every exchange, and every recording names its source."""
    played = {name for test in vars(sys.modules[__name__]).values() for name in getattr(test, "plays", ())}

    assert played == set(EXCHANGES)
    assert all({"source", "captured"} <= set(recording) for recording in RECORDINGS.values())
    assert {exchange["provenance"] for exchange in EXCHANGES.values()} == {
        "published",
        "published in part",
        "hand-written",
    }


@plays_recordings("tutorial/create")
def test_tutorial_create(client: Client) -> None:
    """The client creates the tutorial's model with the tutorial's request, and reads the operation."""
    operation = client.tuned_models.create(
        base_model="models/gemini-1.0-pro-001",
        training_data=EXAMPLES.items(),
        display_name="number generator model",
        epoch_count=5,
        batch_size=2,
        learning_rate=0.001,
    )

    assert operation.name == "tunedModels/number-generator-model-dzlmi0gswwqb/operations/bvl8dymw0fhw"
    assert operation.metadata.total_steps == 38
    assert operation.metadata.tuned_model == "tunedModels/number-generator-model-dzlmi0gswwqb"
    assert (operation.metadata.completed_steps, operation.metadata.snapshots) == (0, ())
    assert operation.to_json() == EXCHANGES["tutorial/create"]["response"]["json"]


@plays_recordings("tutorial/create in Python", "tutorial/last poll")
def test_tutorial_watch(client: Client) -> None:
    """The last poll of the tutorial ends the operation, with all steps and the model."""
    operation = client.tuned_models.create(
        base_model="gemini-1.0-pro-001",
        training_data=EXAMPLES.items(),
        display_name="number generator",
        epoch_count=5,
        batch_size=4,
        learning_rate=0.001,
    )
    assert operation.metadata.total_steps == 19

    (metadata,) = operation.progress()
    last = metadata.snapshots[-1]
    assert metadata.completed_percent == 100.0
    assert (last.step, last.epoch, last.mean_loss) == (19, 5, 1.402067)
    assert last.compute_time == Timestamp.parse("2024-03-14T15:11:23.766989274Z")
    assert operation.result().state == "ACTIVE"


@plays_recordings("tutorial/get")
def test_tutorial_get(client: Client) -> None:
    """The tutorial's model is active."""
    assert client.tuned_models.get("number-generator-model-dzlmi0gswwqb").state == "ACTIVE"


@plays_recordings("tutorial/generate LXIII", "tutorial/generate 六")
def test_tutorial_generate(client: Client) -> None:
    """The client reads the answers of the tuned models, with their safety ratings."""
    roman = client.tuned_models.generate_content("number-generator-model-dzlmi0gswwqb", "LXIII")
    japanese = client.tuned_models.generate_content("number-generator-wl1qr34x2py", "六")

    assert (roman.text, japanese.text) == ("LXIV", "七")
    assert roman.candidates[0].finish_reason == "STOP"
    assert roman.unknown == roman.candidates[0].unknown == {}
    assert [rating.probability for rating in japanese.candidates[0].safety_ratings] == [
        HarmProbability.NEGLIGIBLE,
        HarmProbability.NEGLIGIBLE,
        HarmProbability.LOW,
        HarmProbability.NEGLIGIBLE,
    ]
    assert japanese.prompt_feedback is not None
    assert len(japanese.prompt_feedback.safety_ratings) == 4
    assert roman.usage_metadata is None


@plays_recordings("hand-written/models.get", "hand-written/models.list", "hand-written/models.list")
def test_models(client: Client) -> None:
    """The client reads base models of all years, and knows which of them can be tuned."""
    pro = client.models.get("gemini-1.0-pro-001")
    models = list(client.models.list())

    assert pro == models[1]
    assert (pro.input_token_limit, pro.output_token_limit, pro.temperature, pro.top_k) == (30720, 2048, 0.9, None)
    assert models[2].max_temperature == 2.0
    assert client.models.tunable() == tuple(models[:2])
    assert [model.unknown for model in models] == [{}, {}, {}]


@plays_recordings(
    "hand-written/get",
    "hand-written/get while creating",
    "hand-written/list, page 1",
    "hand-written/list, page 2",
    "hand-written/list of nothing",
)
def test_tuned_models(client: Client) -> None:
    """The client reads all members of models, in every state and over pages, and writes them unchanged."""
    models = client.tuned_models
    active, creating = models.get(MODEL), models.get(MODEL)
    pages = list(models.list(page_size=1))

    assert active.to_json() == EXCHANGES["hand-written/get"]["response"]["json"]
    assert active.tuning_task.start_time == Timestamp(2024, 7, 31, 6, 58, 20, nanosecond=619_999_999)
    assert [step.epoch for step in active.tuning_task.snapshots] == [0, 0, 1]
    assert active.top_k == 0
    assert (creating.state, creating.tuning_task.snapshots) == ("CREATING", ())
    assert creating.tuning_task.complete_time is None
    assert [model.source_model for model in pages] == ["models/gemini-1.0-pro-001", MODEL]
    assert list(models.list()) == []


@plays_recordings("hand-written/create")
def test_create_from_a_tuned_model(client: Client) -> None:
    """The client tunes a tuned model further, with an id of the caller."""
    operation = client.tuned_models.create(
        source_model="generate-num-4110", training_data=[("1", "2")], tuned_model_id="next-number-m1x2"
    )

    assert operation.name == OPERATION
    assert operation.metadata.tuned_model == MODEL


@plays_recordings("hand-written/get", "hand-written/patch")
def test_update(client: Client) -> None:
    """The service answers a patch with the changed members only; the client returns all members."""
    updated = client.tuned_models.update(MODEL, display_name="Sentences", description="My next sequence")
    before = EXCHANGES["hand-written/get"]["response"]["json"]

    assert updated.to_json() == {**before, "displayName": "Sentences", "description": "My next sequence"}


@plays_recordings("hand-written/transferOwnership", "hand-written/delete")
def test_answers_without_members(client: Client) -> None:
    """The client accepts an empty object as the answer to a transfer and to a deletion."""
    client.tuned_models.transfer_ownership(MODEL, "numbers@example.com")
    client.tuned_models.delete(MODEL)


@plays_recordings(
    "hand-written/permissions.create",
    "hand-written/permissions.get",
    "hand-written/permissions.list",
    "hand-written/permissions.patch",
    "hand-written/permissions.delete",
)
def test_permissions(client: Client) -> None:
    """The client creates, gets, lists, updates and deletes a permission."""
    permissions = client.tuned_models.permissions(MODEL)
    permission = permissions.create(Role.READER, "numbers@example.com", "GROUP")
    again = permissions.get(permission)
    owner, reader = permissions.list()
    changed = permissions.update(permission, Role.WRITER)
    permissions.delete(changed)

    assert permission == again == reader
    assert (owner.role, reader.role) == ("OWNER", "READER")
    assert (changed.role, changed.name) == (Role.WRITER, permission.name)
    assert permission.to_json() == EXCHANGES["hand-written/permissions.get"]["response"]["json"]


@plays_recordings("hand-written/generateContent", "hand-written/generateContent without an answer")
def test_generate_content(client: Client) -> None:
    """An answer of mid 2024 has its number of tokens; an answer of a tuned model can be empty."""
    answer = client.tuned_models.generate_content(MODEL, "100")
    nothing = client.tuned_models.generate_content(MODEL, "100")

    assert answer.text == "101"
    assert answer.usage_metadata is not None
    assert answer.usage_metadata.total_token_count == 6
    assert answer.to_json() == EXCHANGES["hand-written/generateContent"]["response"]["json"]
    assert (nothing.text, nothing.candidates[0].finish_reason) == ("", "STOP")


@plays_recordings("hand-written/streamGenerateContent", "hand-written/streamGenerateContent, events")
def test_stream_generate_content(client: Client) -> None:
    """Both forms of a stream have the same chunks; the last one has the finish reason."""
    for events in (False, True):
        chunks = list(client.tuned_models.stream_generate_content(MODEL, "100", events=events))

        assert [chunk.text for chunk in chunks] == ["10", "1"]
        assert [chunk.candidates[0].finish_reason.is_known for chunk in chunks] == [True, True]
        assert [chunk.candidates[0].finish_reason for chunk in chunks] == ["FINISH_REASON_UNSPECIFIED", "STOP"]
        assert chunks[-1].usage_metadata is not None


@plays_recordings(
    "hand-written/operation, no step",
    "hand-written/operation, no step",
    "hand-written/operation, two steps",
    "hand-written/operation, done",
)
def test_operation_that_ends_well(client: Client) -> None:
    """An operation shows its progress, and ends with its model; then the client sends no more requests."""
    operation = client.operations.get(OPERATION)
    assert not operation.done()

    progress = [(item.completed_steps, item.completed_percent) for item in operation.progress()]
    assert progress == [(2, 66.666664), (3, 100.0)]
    assert operation.exception() is None
    assert operation.result().to_json() == EXCHANGES["hand-written/get"]["response"]["json"]
    assert operation.metadata.snapshots == operation.result().tuning_task.snapshots


@plays_recordings(
    "hand-written/operation, two steps",
    "hand-written/operation, two steps",
    "hand-written/cancel",
    "hand-written/cancel",
    "hand-written/operation, cancelled",
)
def test_operation_that_is_cancelled(client: Client) -> None:
    """An operation that is cancelled, by itself or by its name, ends with CANCELLED and keeps its progress."""
    operation = client.operations.get(OPERATION)
    assert operation.cancel()
    client.operations.cancel(OPERATION)

    assert operation.cancelled()
    failed = operation.exception()
    assert isinstance(failed, OperationFailed)
    assert (failed.operation, failed.code, failed.status) == (OPERATION, 1, "CANCELLED")
    assert operation.metadata.completed_steps == 2


@plays_recordings("hand-written/operations.list")
def test_operations(client: Client) -> None:
    """The client lists the operations of a model."""
    (operation,) = client.operations.list(MODEL)

    assert operation.name == OPERATION
    assert operation.metadata.completed_steps == 2


@plays_recordings(
    "hand-written/refused: no such model",
    "hand-written/refused: not ready",
    "hand-written/refused: nothing can be tuned",
    "hand-written/refused: stream",
)
def test_refusals(client: Client) -> None:
    """Each refusal is the error of its status, with the service's message and a hint."""
    with pytest.raises(NotFound, match=rf"^404 NOT_FOUND: Tuned model {MODEL} does not exist\.$"):
        client.tuned_models.get(MODEL)
    with pytest.raises(InvalidArgument, match=r"is not ready to use\. \(wait until its operation ends"):
        client.tuned_models.generate_content(MODEL, "100")
    with pytest.raises(FailedPrecondition, match="no model that can be tuned"):
        client.tuned_models.create(base_model="gemini-2.5-flash", training_data=[("1", "2")], display_name="a")
    with pytest.raises(InvalidArgument, match="is not ready to use"):
        client.tuned_models.stream_generate_content(MODEL, "100", events=False)


@plays_recordings("hand-written/refused: API key")
def test_refusal_of_a_key(client: Client) -> None:
    """The refusal of a key has a reason for programs, and a hint for people."""
    with pytest.raises(Unauthenticated, match="give no api_key") as caught:
        list(client.tuned_models.permissions(MODEL).list())

    assert caught.value.error_info is not None
    assert caught.value.error_info.reason == "CREDENTIALS_MISSING"
    assert caught.value.error_info.metadata["service"] == "generativelanguage.googleapis.com"


@plays_recordings("hand-written/refused: quota")
def test_refusal_for_quota(client: Client) -> None:
    """The error names the quota, the delay until the next try, and a page about quotas."""
    with pytest.raises(ResourceExhausted, match="exceeded your current quota") as caught:
        client.tuned_models.generate_content(MODEL, "100")

    assert caught.value.retry_delay == 24.0
    assert caught.value.quota_violations == (
        QuotaViolation(
            quota_metric="generativelanguage.googleapis.com/generate_content_free_tier_requests",
            quota_id="GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
            quota_dimensions={"location": "global", "model": "gemini-1.5-flash"},
            quota_value=15,
        ),
    )
    assert [link.url for link in caught.value.links] == ["https://ai.google.dev/gemini-api/docs/rate-limits"]


@plays_recordings("hand-written/refused: no such method")
def test_page_of_html(client: Client) -> None:
    """The front end answers an unknown method with a page, whose title is the message of the error."""
    with pytest.raises(NotFound, match=r"Error 404 \(Not Found\)!!1") as caught:
        list(client.operations.list(MODEL))

    assert caught.value.response is not None
    assert caught.value.response.headers["content-type"] == "text/html; charset=UTF-8"
