"""The client against recorded exchanges: every method, what it sends and what it reads.

The recordings of the published tutorial are the service's own words of March 2024. The hand-written ones have the
form of what it was seen to answer; each says what in it is guessed.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
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
    Operation,
    OperationFailed,
    Polling,
    QuotaViolation,
    ResourceExhausted,
    Role,
    Timestamp,
    Unauthenticated,
)

from .conftest import URL, called_by, calls, public_methods

pytestmark = pytest.mark.usefixtures("checks_calls_mark")

FILES = sorted((Path(__file__).parent / "recordings").glob("*.json"))
RECORDINGS = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in FILES}
EXCHANGES = {
    f"{name}/{what}": exchange
    for name, recording in RECORDINGS.items()
    for what, exchange in recording["exchanges"].items()
}

# What every answer of the service came with in 2024.
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
TUTORIAL = [
    ("1", "2"),
    ("3", "4"),
    ("-3", "-2"),
    ("twenty two", "twenty three"),
    ("two hundred", "two hundred one"),
    ("ninety nine", "one hundred"),
    ("8", "9"),
    ("-98", "-97"),
    ("1,000", "1,001"),
    ("10,100,000", "10,100,001"),
    ("thirteen", "fourteen"),
    ("eighty", "eighty one"),
    ("one", "two"),
    ("three", "four"),
    ("seven", "eight"),
]

Test = TypeVar("Test", bound=Callable[..., None])


def plays_recordings(*names: str) -> Callable[[Test], Test]:
    """Say which exchanges a test plays, in the order in which they are to be asked for."""

    def mark(test: Test) -> Test:
        test.plays = names  # type: ignore[attr-defined]
        return test

    return mark


def covers(whole: Any, part: Any) -> bool:
    """Whether *whole* has all that *part* has; the client may say more, such as whose turn a content is."""
    if isinstance(whole, dict) and isinstance(part, dict):
        return all(name in whole and covers(whole[name], part[name]) for name in part)
    if isinstance(whole, list) and isinstance(part, list):
        return len(whole) == len(part) and all(map(covers, whole, part))
    return bool(whole == part)


def matcher(request: dict[str, Any]) -> Callable[[requests.PreparedRequest], tuple[bool, str]]:
    """Let a request through that asks what *request* asks."""

    def match(sent: requests.PreparedRequest) -> tuple[bool, str]:
        query = dict(parse_qsl(urlsplit(sent.url or "").query))
        body = json.loads(sent.body) if sent.body else None
        wanted = request.get("query", {}), request.get("json")
        fits = (not wanted[0] or query == wanted[0]) and (wanted[1] is None or covers(body, wanted[1]))
        return fits, f"{query} {body} is not {wanted}"

    return match


@pytest.fixture
def client(request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client that is answered with the exchanges that the test plays, each once and in their order."""
    credentials: Any = google.oauth2.credentials.Credentials("token")
    played = [EXCHANGES[name] for name in getattr(request.function, "plays", ())]
    with responses.RequestsMock(registry=responses.registries.OrderedRegistry) as mock:
        for exchange in played:
            asked, answered = exchange["request"], exchange["response"]
            text = answered.get("text") or json.dumps(answered["json"], indent=2, ensure_ascii=False) + "\n"
            mock.add(
                asked["method"],
                f"{URL}{asked['path']}",
                body=text.encode(),
                status=answered.get("status", 200),
                content_type=answered.get("content_type", "application/json; charset=UTF-8"),
                headers=HEADERS,
                match=[matcher(asked)],
            )
        with Client(URL, credentials=credentials, retry=None, polling=Polling(0)) as made:
            yield made


def running(client: Client) -> Operation:
    return client.operations.get(OPERATION)


def test_every_method_is_called() -> None:
    """No public method of a client is left out by this module."""
    assert called_by(sys.modules[__name__]) == public_methods()


def test_every_exchange_is_played() -> None:
    """No recording is left over, and each says where it comes from."""
    played = {name for test in vars(sys.modules[__name__]).values() for name in getattr(test, "plays", ())}

    assert played == set(EXCHANGES)
    assert all({"source", "captured"} <= set(recording) for recording in RECORDINGS.values())
    assert {exchange["provenance"] for exchange in EXCHANGES.values()} == {
        "published",
        "published in part",
        "hand-written",
    }


@calls("TunedModels.create", "Operations.from_json", "Operation.to_json")
@plays_recordings("tutorial/create")
def test_tutorial_create(client: Client) -> None:
    """The tutorial's model is asked for as the tutorial does, and its operation is read."""
    operation = client.tuned_models.create(
        base_model="models/gemini-1.0-pro-001",
        training_data=TUTORIAL,
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


@calls("TunedModels.create", "Operation.progress", "Operation.result")
@plays_recordings("tutorial/create in Python", "tutorial/last poll")
def test_tutorial_watch(client: Client) -> None:
    """The last poll of the tutorial ends the operation, with all steps and the model."""
    operation = client.tuned_models.create(
        base_model="gemini-1.0-pro-001",
        training_data=TUTORIAL,
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


@calls("TunedModels.get")
@plays_recordings("tutorial/get")
def test_tutorial_get(client: Client) -> None:
    """The model is active in the end."""
    assert client.tuned_models.get("number-generator-model-dzlmi0gswwqb").state == "ACTIVE"


@calls("TunedModels.generate_content")
@plays_recordings("tutorial/generate LXIII", "tutorial/generate 六")
def test_tutorial_generate(client: Client) -> None:
    """What the tuned models say is read, with what the service thinks of it."""
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


@calls("Models.get", "Models.list", "Models.tunable")
@plays_recordings("hand-written/models.get", "hand-written/models.list", "hand-written/models.list")
def test_models(client: Client) -> None:
    """Base models of all years are read, and say whether they can be tuned."""
    pro = client.models.get("gemini-1.0-pro-001")
    listed = list(client.models.list())

    assert pro == listed[1]
    assert (pro.input_token_limit, pro.output_token_limit, pro.temperature, pro.top_k) == (30720, 2048, 0.9, None)
    assert listed[2].max_temperature == 2.0
    assert client.models.tunable() == tuple(listed[:2])
    assert [model.unknown for model in listed] == [{}, {}, {}]


@calls("TunedModels.get", "TunedModels.list")
@plays_recordings(
    "hand-written/get",
    "hand-written/get while creating",
    "hand-written/list, page 1",
    "hand-written/list, page 2",
    "hand-written/list of nothing",
)
def test_tuned_models(client: Client) -> None:
    """Models are read whole, in every state, and over pages; what was read is written as it was."""
    models = client.tuned_models
    active, creating = models.get(MODEL), models.get(MODEL)
    listed = list(models.list(page_size=1))

    assert active.to_json() == EXCHANGES["hand-written/get"]["response"]["json"]
    assert active.tuning_task.start_time == Timestamp(2024, 7, 31, 6, 58, 20, nanosecond=619_999_999)
    assert [step.epoch for step in active.tuning_task.snapshots] == [0, 0, 1]
    assert active.top_k == 0
    assert (creating.state, creating.tuning_task.snapshots) == ("CREATING", ())
    assert creating.tuning_task.complete_time is None
    assert [model.source_model for model in listed] == ["models/gemini-1.0-pro-001", MODEL]
    assert list(models.list()) == []


@calls("TunedModels.create")
@plays_recordings("hand-written/create")
def test_create_from_a_tuned_model(client: Client) -> None:
    """A tuned model is tuned further under an id that is given."""
    operation = client.tuned_models.create(
        source_model="generate-num-4110", training_data=[("1", "2")], tuned_model_id="next-number-m1x2"
    )

    assert operation.name == OPERATION
    assert operation.metadata.tuned_model == MODEL


@calls("TunedModels.update")
@plays_recordings("hand-written/get", "hand-written/patch")
def test_update(client: Client) -> None:
    """The service answers a patch with what was patched alone; the model is whole all the same."""
    updated = client.tuned_models.update(MODEL, display_name="Sentences", description="My next sequence")
    before = EXCHANGES["hand-written/get"]["response"]["json"]

    assert updated.to_json() == {**before, "displayName": "Sentences", "description": "My next sequence"}


@calls("TunedModels.transfer_ownership", "TunedModels.delete")
@plays_recordings("hand-written/transferOwnership", "hand-written/delete")
def test_answers_without_members(client: Client) -> None:
    """Handing on and deleting are answered with an empty object, and give nothing."""
    client.tuned_models.transfer_ownership(MODEL, "numbers@example.com")
    client.tuned_models.delete(MODEL)


@calls(
    "TunedModels.permissions",
    "Permissions.create",
    "Permissions.get",
    "Permissions.list",
    "Permissions.update",
    "Permissions.delete",
)
@plays_recordings(
    "hand-written/permissions.create",
    "hand-written/permissions.get",
    "hand-written/permissions.list",
    "hand-written/permissions.patch",
    "hand-written/permissions.delete",
)
def test_permissions(client: Client) -> None:
    """Permissions are made, read, listed, changed and withdrawn."""
    permissions = client.tuned_models.permissions(MODEL)
    made = permissions.create(Role.READER, "numbers@example.com", "GROUP")
    got = permissions.get(made)
    listed = list(permissions.list())
    changed = permissions.update(made, Role.WRITER)
    permissions.delete(changed)

    assert got == made
    assert [permission.role for permission in listed] == ["OWNER", "READER"]
    assert listed[1] == made
    assert (changed.role, changed.name) == (Role.WRITER, made.name)
    assert made.to_json() == EXCHANGES["hand-written/permissions.get"]["response"]["json"]


@calls("TunedModels.generate_content")
@plays_recordings("hand-written/generateContent", "hand-written/generateContent without an answer")
def test_generate_content(client: Client) -> None:
    """An answer of mid 2024 says how many tokens it took; tuned models have also answered with nothing."""
    answer = client.tuned_models.generate_content(MODEL, "100")
    nothing = client.tuned_models.generate_content(MODEL, "100")

    assert answer.text == "101"
    assert answer.usage_metadata is not None
    assert answer.usage_metadata.total_token_count == 6
    assert answer.to_json() == EXCHANGES["hand-written/generateContent"]["response"]["json"]
    assert (nothing.text, nothing.candidates[0].finish_reason) == ("", "STOP")


@calls("TunedModels.stream_generate_content")
@plays_recordings("hand-written/streamGenerateContent", "hand-written/streamGenerateContent, events")
@pytest.mark.parametrize("order", [(False, True)], ids=["array, then events"])
def test_stream_generate_content(client: Client, order: tuple[bool, bool]) -> None:
    """Both forms of a stream have the same chunks; the last has the end."""
    for events in order:
        chunks = list(client.tuned_models.stream_generate_content(MODEL, "100", events=events))

        assert [chunk.text for chunk in chunks] == ["10", "1"]
        assert [chunk.candidates[0].finish_reason.is_known for chunk in chunks] == [True, True]
        assert [chunk.candidates[0].finish_reason for chunk in chunks] == ["FINISH_REASON_UNSPECIFIED", "STOP"]
        assert chunks[-1].usage_metadata is not None


@calls("Operations.get", "Operation.done", "Operation.progress", "Operation.result", "Operation.exception")
@plays_recordings(
    "hand-written/operation, no step",
    "hand-written/operation, no step",
    "hand-written/operation, two steps",
    "hand-written/operation, done",
)
def test_operation_that_ends_well(client: Client) -> None:
    """An operation grows a step at a time, and has its model in the end; then nothing more is asked."""
    operation = running(client)
    assert not operation.done()

    seen = [(item.completed_steps, item.completed_percent) for item in operation.progress()]
    assert seen == [(2, 66.666664), (3, 100.0)]
    assert operation.exception() is None
    assert operation.result().to_json() == EXCHANGES["hand-written/get"]["response"]["json"]
    assert operation.metadata.snapshots == operation.result().tuning_task.snapshots


@calls("Operations.get", "Operation.wait_bar", "Operation.plot")
@plays_recordings(
    "hand-written/operation, no step", "hand-written/operation, two steps", "hand-written/operation, done"
)
def test_bar_and_plot(client: Client) -> None:
    """The bar runs to the last step, and the plot shows the losses of all."""
    operation = running(client)
    shown = io.StringIO()
    model = operation.wait_bar(file=shown)
    (line,) = operation.plot(import_module("matplotlib.figure").Figure().add_subplot()).get_lines()
    data: Any = line.get_xydata()

    assert model.name == MODEL
    assert "3/3" in shown.getvalue()
    assert data.tolist() == [[1, 11.499258], [2, 13.789906], [3, 0.0011606459]]


@calls("Operations.get", "Operations.cancel", "Operation.cancel", "Operation.cancelled", "Operation.exception")
@plays_recordings(
    "hand-written/operation, two steps",
    "hand-written/operation, two steps",
    "hand-written/cancel",
    "hand-written/cancel",
    "hand-written/operation, cancelled",
)
def test_operation_that_is_cancelled(client: Client) -> None:
    """A run is stopped by itself or by its name, and ends with CANCELLED; how far it came stays."""
    operation = running(client)
    assert operation.cancel()
    client.operations.cancel(OPERATION)

    assert operation.cancelled()
    failed = operation.exception()
    assert isinstance(failed, OperationFailed)
    assert (failed.operation, failed.code, failed.status) == (OPERATION, 1, "CANCELLED")
    assert operation.metadata.completed_steps == 2


@calls("Operations.list")
@plays_recordings("hand-written/operations.list")
def test_operations(client: Client) -> None:
    """The operations of a model are listed as they are."""
    (operation,) = client.operations.list(MODEL)

    assert operation.name == OPERATION
    assert operation.metadata.completed_steps == 2


@calls("TunedModels.get", "TunedModels.generate_content", "TunedModels.create", "TunedModels.stream_generate_content")
@plays_recordings(
    "hand-written/refused: no such model",
    "hand-written/refused: not ready",
    "hand-written/refused: nothing can be tuned",
    "hand-written/refused: stream",
)
def test_refusals(client: Client) -> None:
    """Refusals are errors of their status, with the service's words and what to do."""
    with pytest.raises(NotFound, match=rf"^404 NOT_FOUND: Tuned model {MODEL} does not exist\.$"):
        client.tuned_models.get(MODEL)
    with pytest.raises(InvalidArgument, match=r"is not ready to use\. \(wait until its operation ends"):
        client.tuned_models.generate_content(MODEL, "100")
    with pytest.raises(FailedPrecondition, match="no model that can be tuned"):
        client.tuned_models.create(base_model="gemini-2.5-flash", training_data=[("1", "2")], display_name="a")
    with pytest.raises(InvalidArgument, match="is not ready to use"):
        client.tuned_models.stream_generate_content(MODEL, "100", events=False)


@calls("Permissions.list")
@plays_recordings("hand-written/refused: API key")
def test_refusal_of_a_key(client: Client) -> None:
    """The reason is there for programs, and what to do for people."""
    with pytest.raises(Unauthenticated, match="give no api_key") as caught:
        list(client.tuned_models.permissions(MODEL).list())

    assert caught.value.error_info is not None
    assert caught.value.error_info.reason == "CREDENTIALS_MISSING"
    assert caught.value.error_info.metadata["service"] == "generativelanguage.googleapis.com"


@calls("TunedModels.generate_content")
@plays_recordings("hand-written/refused: quota")
def test_refusal_for_quota(client: Client) -> None:
    """Which quota is used up, when to come again, and where to read more."""
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


@calls("Operations.list")
@plays_recordings("hand-written/refused: no such method")
def test_page_of_html(client: Client) -> None:
    """Where there is no such method the front end answers with a page; its title is the message."""
    with pytest.raises(NotFound, match=r"Error 404 \(Not Found\)!!1") as caught:
        list(client.operations.list(MODEL))

    assert caught.value.response is not None
    assert caught.value.response.headers["content-type"] == "text/html; charset=UTF-8"
