"""Each method of the tuned models sends its request and reads its result."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import responses

from tunedmodels import (
    Client,
    Content,
    DuplicateExamplesWarning,
    GenerationConfig,
    HarmBlockThreshold,
    HarmCategory,
    Part,
    SafetySetting,
    TrainingDataError,
    TransportError,
    TunedModel,
    Unavailable,
)

pandas = import_module("pandas")  # it ships no types

URL = "https://service.test"
MODELS = f"{URL}/v1beta/tunedModels"
OPERATION = {"name": "tunedModels/m/operations/o", "metadata": {"totalSteps": 2, "tunedModel": "tunedModels/m"}}
PAIRS = [("1", "2"), ("六", "七")]
EXAMPLES = [{"textInput": "1", "output": "2"}, {"textInput": "六", "output": "七"}]
MODEL = {
    "name": "tunedModels/m",
    "baseModel": "models/gemini-1.0-pro-001",
    "displayName": "number generator",
    "description": "counts",
    "state": "ACTIVE",
    "createTime": "2024-07-20T18:23:29.427331Z",
    "tuningTask": {
        "snapshots": [{"step": 1, "meanLoss": 11.499258, "computeTime": "2024-07-20T18:23:33.308320687Z"}],
        "hyperparameters": {"epochCount": 1},
    },
    "temperature": 0.9,
    "topP": 1,
    "topK": 0,
    "readerProjectNumbers": ["123"],
    "newMember": {"kept": True},
}


def body_of(answers: responses.RequestsMock, number: int = 0) -> Any:
    return json.loads(answers.calls[number].request.body or "null")


def query_of(answers: responses.RequestsMock, number: int = 0) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(answers.calls[number].request.url or "").query, keep_blank_values=True))


def task_of(examples: list[dict[str, str]]) -> dict[str, Any]:
    return {"trainingData": {"examples": {"examples": examples}}}


def test_create_with_everything(client: Client, answers: responses.RequestsMock) -> None:
    """The request has every argument under the API's name, in its order."""
    answers.post(MODELS, json=OPERATION)
    operation = client.tuned_models.create(
        training_data=PAIRS,
        base_model="models/gemini-1.0-pro-001",
        tuned_model_id="counter",
        display_name="number generator",
        description="counts",
        epoch_count=5,
        batch_size=4,
        learning_rate=0.001,
        temperature=0.5,
        top_p=0.75,
        top_k=40,
        reader_project_numbers=[123, 2**62],
    )
    body = {
        "baseModel": "models/gemini-1.0-pro-001",
        "displayName": "number generator",
        "description": "counts",
        "tuningTask": {
            **task_of(EXAMPLES),
            "hyperparameters": {"epochCount": 5, "batchSize": 4, "learningRate": 0.001},
        },
        "temperature": 0.5,
        "topP": 0.75,
        "topK": 40,
        "readerProjectNumbers": ["123", str(2**62)],
    }

    assert answers.calls[0].request.url == f"{MODELS}?tunedModelId=counter"
    assert body_of(answers) == body
    assert list(body_of(answers)) == list(body)
    assert operation.name == "tunedModels/m/operations/o"
    assert (operation.metadata.total_steps, operation.metadata.tuned_model) == (2, "tunedModels/m")


def test_create_with_defaults(client: Client, answers: responses.RequestsMock) -> None:
    """An argument that is missing is not sent."""
    answers.post(MODELS, json=OPERATION)
    client.tuned_models.create(base_model="m", training_data=PAIRS)

    assert answers.calls[0].request.url == MODELS
    assert body_of(answers) == {"baseModel": "models/m", "tuningTask": task_of(EXAMPLES)}


def test_create_with_zeros(client: Client, answers: responses.RequestsMock) -> None:
    """A zero is sent."""
    answers.post(MODELS, json=OPERATION)
    client.tuned_models.create(
        base_model="m", training_data=PAIRS, learning_rate_multiplier=0.0, temperature=0, top_p=0, top_k=0
    )

    assert body_of(answers) == {
        "baseModel": "models/m",
        "tuningTask": {**task_of(EXAMPLES), "hyperparameters": {"learningRateMultiplier": 0}},
        "temperature": 0,
        "topP": 0,
        "topK": 0,
    }


@pytest.mark.parametrize(
    ("arguments", "source"),
    [
        ({"base_model": "models/m"}, {"baseModel": "models/m"}),
        ({"base_model": "m"}, {"baseModel": "models/m"}),
        ({"source_model": "tunedModels/t"}, {"tunedModelSource": {"tunedModel": "tunedModels/t"}}),
        ({"source_model": "t"}, {"tunedModelSource": {"tunedModel": "tunedModels/t"}}),
        (
            {"source_model": TunedModel(name="tunedModels/t")},
            {"tunedModelSource": {"tunedModel": "tunedModels/t"}},
        ),
    ],
    ids=["base model", "id of one", "tuned model", "id of a tuned model", "TunedModel"],
)
def test_source_of_the_model(
    client: Client, answers: responses.RequestsMock, arguments: dict[str, Any], source: dict[str, Any]
) -> None:
    """The source is a base model or a tuned model, with or without its collection."""
    answers.post(MODELS, json=OPERATION)
    client.tuned_models.create(training_data=PAIRS, **arguments)

    assert body_of(answers) == {**source, "tuningTask": task_of(EXAMPLES)}


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({}, "^Give base_model, .* or source_model"),
        ({"base_model": "m", "source_model": "t"}, "^Give base_model, .* or source_model"),
        (
            {"base_model": "m", "learning_rate": 0.1, "learning_rate_multiplier": 1.0},
            "^Give learning_rate or learning_rate_multiplier; ",
        ),
        (
            {"base_model": "m", "learning_rate": 0.0, "learning_rate_multiplier": 0.0},
            "^Give learning_rate or learning_rate_multiplier; ",
        ),
        ({"base_model": "tunedModels/t"}, "give it as source_model"),
        ({"base_model": ""}, "^A base model's name"),
        ({"source_model": "models/m"}, "give it as base_model"),
        ({"source_model": TunedModel()}, "^A tuned model's name"),
    ],
)
def test_create_with_arguments_that_do_not_fit(
    client: Client, answers: responses.RequestsMock, arguments: dict[str, Any], match: str
) -> None:
    """The client refuses arguments that exclude each other, and names of other resources, before it sends a request."""
    with pytest.raises(ValueError, match=match):
        client.tuned_models.create(training_data=PAIRS, **arguments)

    assert len(answers.calls) == 0


def test_numbers_are_finite(client: Client) -> None:
    """The error of a number that is not finite names its argument."""
    with pytest.raises(ValueError, match=r"^learning_rate must be a finite number, got nan$"):
        client.tuned_models.create(base_model="m", training_data=PAIRS, learning_rate=float("nan"))
    with pytest.raises(ValueError, match=r"^top_p must be a finite number, got inf$"):
        client.tuned_models.update("m", top_p=float("inf"))


@pytest.mark.parametrize("form", ["generator", "DataFrame", "path", "url"])
def test_training_data(client: Client, answers: responses.RequestsMock, tmp_path: Path, form: str) -> None:
    """The request is the same for values, a file and a URL, whose server gets no credentials."""
    content = "text_input,output\n1,2\n六,七\n"
    (tmp_path / "a.csv").write_text(content, encoding="utf-8")
    if form == "url":
        answers.get("https://files.test/a.csv", body=content.encode())
    answers.post(MODELS, json=OPERATION)
    data: dict[str, Any] = {
        "generator": (pair for pair in PAIRS),
        "DataFrame": pandas.DataFrame({"text_input": ["1", "六"], "output": ["2", "七"]}),
        "path": tmp_path / "a.csv",
        "url": "https://files.test/a.csv",
    }
    client.tuned_models.create(base_model="m", training_data=data[form])

    assert body_of(answers, -1)["tuningTask"] == task_of(EXAMPLES)
    assert ["x-goog-api-key" in call.request.headers for call in answers.calls] == [False] * (form == "url") + [True]


@pytest.mark.parametrize(
    ("data", "kind", "match"),
    [
        ([], TrainingDataError, "has no examples"),
        ("missing.csv", TrainingDataError, r"missing\.csv: is not a readable file"),
        (7, TypeError, "training_data must be an iterable"),
    ],
    ids=["nothing", "no file", "a number"],
)
def test_invalid_training_data(
    client: Client, answers: responses.RequestsMock, data: Any, kind: type[Exception], match: str
) -> None:
    """The client refuses invalid data before it sends a request."""
    with pytest.raises(kind, match=match):
        client.tuned_models.create(base_model="m", training_data=data)

    assert len(answers.calls) == 0


def test_duplicates_warn_at_the_callers_line(client: Client, answers: responses.RequestsMock) -> None:
    """The client sends duplicate pairs, and warns at the caller's line."""
    answers.post(MODELS, json=OPERATION)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        client.tuned_models.create(base_model="m", training_data=[*PAIRS, PAIRS[0]])

    assert len(body_of(answers)["tuningTask"]["trainingData"]["examples"]["examples"]) == 3
    (warning,) = caught
    assert warning.category is DuplicateExamplesWarning
    assert warning.filename == __file__
    assert "(1 of 3 in all)" in str(warning.message)
    assert "training_data=[*PAIRS" in Path(__file__).read_text(encoding="utf-8").splitlines()[warning.lineno - 1]


def test_create_with_an_id_is_repeated(answers: responses.RequestsMock) -> None:
    """With an id a second try is the same job for the service."""
    answers.post(MODELS, status=503)
    answers.post(MODELS, json=OPERATION)
    client = Client(URL, api_key="key", sleep=lambda _seconds: None)
    operation = client.tuned_models.create(base_model="m", training_data=PAIRS, tuned_model_id="m")

    assert operation.name == OPERATION["name"]
    assert [query_of(answers, number) for number in range(2)] == [{"tunedModelId": "m"}] * 2
    assert body_of(answers, 0) == body_of(answers, 1)


@pytest.mark.parametrize("arguments", [{}, {"tuned_model_id": ""}], ids=["no id", "empty id"])
def test_create_without_an_id_is_not_repeated(answers: responses.RequestsMock, arguments: dict[str, Any]) -> None:
    """Without an id a second try could start a second job."""
    answers.post(MODELS, status=503)
    client = Client(URL, api_key="key", sleep=lambda _seconds: None)

    with pytest.raises(Unavailable):
        client.tuned_models.create(base_model="m", training_data=PAIRS, display_name="counter", **arguments)

    assert [call.request.url for call in answers.calls] == [MODELS]


CALLS: list[Any] = [
    pytest.param(lambda client, name: client.tuned_models.get(name), "GET", "", id="get"),
    pytest.param(lambda client, name: client.tuned_models.update(name), "GET", "", id="update"),
    pytest.param(lambda client, name: client.tuned_models.delete(name), "DELETE", "", id="delete"),
    pytest.param(
        lambda client, name: client.tuned_models.transfer_ownership(name, "ada@example.com"),
        "POST",
        ":transferOwnership",
        id="transfer_ownership",
    ),
    pytest.param(
        lambda client, name: list(client.tuned_models.permissions(name).list()), "GET", "/permissions", id="permissions"
    ),
    pytest.param(
        lambda client, name: client.tuned_models.generate_content(name, "1"),
        "POST",
        ":generateContent",
        id="generate_content",
    ),
    pytest.param(
        lambda client, name: list(client.tuned_models.stream_generate_content(name, "1", events=False)),
        "POST",
        ":streamGenerateContent",
        id="stream_generate_content",
    ),
]


@pytest.mark.parametrize(("call", "method", "suffix"), CALLS)
@pytest.mark.parametrize(
    "name", ["counter", "tunedModels/counter", TunedModel(name="tunedModels/counter")], ids=["id", "name", "model"]
)
def test_names(
    client: Client,
    answers: responses.RequestsMock,
    call: Callable[[Client, str | TunedModel], object],
    method: str,
    suffix: str,
    name: str | TunedModel,
) -> None:
    """Each method takes the whole name, the id alone, or the model."""
    answers.add(method, f"{MODELS}/counter{suffix}", json=[] if suffix == ":streamGenerateContent" else {})
    call(client, name)

    assert [call.request.method for call in answers.calls] == [method]


@pytest.mark.parametrize(("call", "method", "suffix"), CALLS)
@pytest.mark.parametrize("name", ["..", "models/m", TunedModel()], ids=repr)
def test_invalid_names(
    client: Client,
    answers: responses.RequestsMock,
    call: Callable[[Client, str | TunedModel], object],
    method: str,
    suffix: str,
    name: str | TunedModel,
) -> None:
    """The client refuses a name that would lead to another resource before it sends a request."""
    with pytest.raises(ValueError, match=r"A tuned model's name|is a base model"):
        call(client, name)

    assert len(answers.calls) == 0, (method, suffix)


def test_get_something_else(client: Client, answers: responses.RequestsMock) -> None:
    """An answer that is not a model is a TransportError with the path of the wrong member."""
    answers.get(f"{MODELS}/m", json={**MODEL, "createTime": "yesterday"})

    with pytest.raises(TransportError, match="not a TunedModel: createTime: not a time"):
        client.tuned_models.get("m")


def test_list(client: Client, answers: responses.RequestsMock) -> None:
    """A list is lazy, and requests each page with the same arguments."""
    answers.get(MODELS, json={"tunedModels": [{"name": "a"}, {"name": "b"}], "nextPageToken": "t/1="})
    answers.get(MODELS, json={"tunedModels": [{"name": "c"}]})
    pager = client.tuned_models.list(page_size=2, filter="owner:me", page_token="t/0=")
    models = iter(pager)
    assert len(answers.calls) == 0

    assert [next(models).name, next(models).name] == ["a", "b"]
    assert (len(answers.calls), pager.next_page_token) == (1, "t/1=")

    assert [model.name for model in models] == ["c"]
    assert pager.next_page_token == ""
    assert [query_of(answers, number) for number in range(2)] == [
        {"pageSize": "2", "filter": "owner:me", "pageToken": "t/0="},
        {"pageSize": "2", "filter": "owner:me", "pageToken": "t/1="},
    ]


def test_list_of_nothing(client: Client, answers: responses.RequestsMock) -> None:
    """An empty answer is an empty list. Without arguments the request has no parameters."""
    answers.get(MODELS, json={})

    assert list(client.tuned_models.list()) == []
    assert answers.calls[0].request.url == MODELS


@pytest.mark.parametrize(
    ("arguments", "body", "mask"),
    [
        pytest.param({"display_name": "new"}, {"displayName": "new"}, "display_name", id="one"),
        pytest.param(
            {
                "display_name": "new",
                "description": "words",
                "temperature": 0.5,
                "top_p": 0.25,
                "top_k": 7,
                "reader_project_numbers": [5, 6],
            },
            {
                "displayName": "new",
                "description": "words",
                "temperature": 0.5,
                "topP": 0.25,
                "topK": 7,
                "readerProjectNumbers": ["5", "6"],
            },
            "display_name,description,temperature,top_p,top_k,reader_project_numbers",
            id="all",
        ),
        pytest.param(
            {"display_name": "number generator", "description": "counts up", "temperature": 0.9},
            {"description": "counts up"},
            "description",
            id="what differs",
        ),
        pytest.param(
            {"display_name": "", "description": "", "reader_project_numbers": ()},
            {},
            "display_name,description,reader_project_numbers",
            id="emptied",
        ),
        pytest.param({"temperature": 0, "top_p": 0.0}, {"temperature": 0, "topP": 0}, "temperature,top_p", id="zero"),
        pytest.param({"reader_project_numbers": iter([7])}, {"readerProjectNumbers": ["7"]}, None, id="iterator"),
    ],
)
def test_update(
    client: Client,
    answers: responses.RequestsMock,
    arguments: dict[str, Any],
    body: dict[str, Any],
    mask: str | None,
) -> None:
    """The client sends the changed members and their mask, and merges the answer into the model."""
    answers.get(f"{MODELS}/m", json=MODEL)
    answers.patch(f"{MODELS}/m", json=body)
    mask = mask or "reader_project_numbers"
    updated = client.tuned_models.update("m", **arguments)

    assert query_of(answers, 1) == {"updateMask": mask}
    assert body_of(answers, 1) == body
    members = {"display_name": "displayName", "top_p": "topP", "top_k": "topK"}
    members["reader_project_numbers"] = "readerProjectNumbers"
    changed = {members.get(name, name) for name in mask.split(",")}
    assert updated.to_json() == {**{name: value for name, value in MODEL.items() if name not in changed}, **body}


def test_update_that_the_service_rounds(client: Client, answers: responses.RequestsMock) -> None:
    """The result has the values of the answer, not those of the request."""
    answers.get(f"{MODELS}/m", json=MODEL)
    answers.patch(f"{MODELS}/m", json={"temperature": 0.3, "displayName": "not asked for"})
    updated = client.tuned_models.update("m", temperature=0.3000001)

    assert updated == TunedModel.from_json({**MODEL, "temperature": 0.3})


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"display_name": None},
        {"display_name": "number generator", "description": "counts"},
        {"temperature": 0.9, "top_p": 1, "top_k": 0, "reader_project_numbers": [123]},
    ],
    ids=["nothing", "None", "the same texts", "the same numbers"],
)
def test_update_of_nothing(client: Client, answers: responses.RequestsMock, arguments: dict[str, Any]) -> None:
    """If nothing differs, the client sends no PATCH and returns the model."""
    answers.get(f"{MODELS}/m", json=MODEL)

    assert client.tuned_models.update(TunedModel(name="tunedModels/m"), **arguments) == TunedModel.from_json(MODEL)
    assert [call.request.method for call in answers.calls] == ["GET"]


def test_delete(client: Client, answers: responses.RequestsMock) -> None:
    """The request of a deletion has no body."""
    answers.delete(f"{MODELS}/m", json={})
    client.tuned_models.delete("m")

    assert answers.calls[0].request.body is None


def test_transfer_ownership(client: Client, answers: responses.RequestsMock) -> None:
    """The request has only the address of the new owner."""
    answers.post(f"{MODELS}/m:transferOwnership", json={})
    client.tuned_models.transfer_ownership("m", "ada@example.com")

    assert body_of(answers) == {"emailAddress": "ada@example.com"}


QUESTION: dict[str, Any] = {
    "contents": (Content(role="user", parts=(Part(text="LXIII"),)), Content(role="model", parts=(Part(text="LXIV"),))),
    "generation_config": GenerationConfig(candidate_count=2, stop_sequences=("\n",), temperature=0.0, seed=5),
    "safety_settings": (
        SafetySetting(
            category=HarmCategory.HARM_CATEGORY_HARASSMENT, threshold=HarmBlockThreshold.BLOCK_MEDIUM_AND_ABOVE
        ),
    ),
    "system_instruction": "Count.",
}
REQUEST = {
    "contents": [
        {"parts": [{"text": "LXIII"}], "role": "user"},
        {"parts": [{"text": "LXIV"}], "role": "model"},
    ],
    "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_MEDIUM_AND_ABOVE"}],
    "generationConfig": {"candidateCount": 2, "stopSequences": ["\n"], "temperature": 0, "seed": 5},
    "systemInstruction": {"parts": [{"text": "Count."}]},
}
ANSWER = {"candidates": [{"content": {"parts": [{"text": "LXIV"}], "role": "model"}, "finishReason": "STOP"}]}


def test_generate_content_with_everything(client: Client, answers: responses.RequestsMock) -> None:
    """The request has every argument under the API's name."""
    answers.post(f"{MODELS}/m:generateContent", json=ANSWER)
    client.tuned_models.generate_content("m", **QUESTION)

    assert body_of(answers) == REQUEST


@pytest.mark.parametrize(
    ("events", "query", "media_type", "body"),
    [
        (True, {"alt": "sse"}, "text/event-stream", "data: {0}\r\n\r\ndata: {1}\r\n\r\n"),
        (False, {}, "application/json; charset=UTF-8", "[{0}\n,\r\n{1}\n]"),
    ],
    ids=["events", "array"],
)
def test_stream_generate_content(
    client: Client, answers: responses.RequestsMock, events: bool, query: dict[str, str], media_type: str, body: str
) -> None:
    """A stream has the request of an answer, and each chunk is an answer."""
    chunks = ({"candidates": [{"content": {"parts": [{"text": text}]}}]} for text in ("LX", "IV"))
    text = body.replace("{0}", json.dumps(next(chunks))).replace("{1}", json.dumps(next(chunks)))
    answers.post(f"{MODELS}/m:streamGenerateContent", body=text, content_type=media_type)
    stream = client.tuned_models.stream_generate_content("m", **QUESTION, events=events)
    assert len(answers.calls) == 1

    assert [chunk.text for chunk in stream] == ["LX", "IV"]
    assert body_of(answers) == REQUEST
    assert query_of(answers) == query


def test_chunk_that_is_no_answer(client: Client, answers: responses.RequestsMock) -> None:
    """A chunk that is not an answer is a TransportError at its turn."""
    answers.post(f"{MODELS}/m:streamGenerateContent", json=[ANSWER, {"candidates": "none"}])
    stream = client.tuned_models.stream_generate_content("m", "1", events=False)
    assert next(stream).text == "LXIV"

    with pytest.raises(TransportError, match="not a GenerateContentResponse: candidates"):
        next(stream)
