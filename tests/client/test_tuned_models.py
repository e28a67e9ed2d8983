"""The collection: what each method sends, and what it makes of the answer."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import responses

from tunedmodels import Client, FailedPrecondition, NotFound

URL = "https://service.test"
MODELS = f"{URL}/v1beta/tunedModels"
OPERATION = {"name": "tunedModels/m/operations/o", "metadata": {"totalSteps": 2, "tunedModel": "tunedModels/m"}}
PAIR = [("1", "2")]


def body_of(answers: responses.RequestsMock) -> Any:
    return json.loads(answers.calls[0].request.body or "")


def test_create(client: Client, answers: responses.RequestsMock) -> None:
    """Everything that is given goes out under the API's own names."""
    answers.post(MODELS, json=OPERATION)
    operation = client.tuned_models.create(
        base_model="models/gemini-1.0-pro-001",
        training_data=[("1", "2"), {"text_input": "六", "output": "七"}, ["a", "b"]],  # type: ignore[list-item]  # JSON has lists
        tuned_model_id="counter",
        display_name="number generator",
        description="counts",
        epoch_count=5,
        batch_size=4,
        learning_rate=0.001,
    )

    assert answers.calls[0].request.url == f"{MODELS}?tunedModelId=counter"
    assert body_of(answers) == {
        "baseModel": "models/gemini-1.0-pro-001",
        "displayName": "number generator",
        "description": "counts",
        "tuningTask": {
            "hyperparameters": {"epochCount": 5, "batchSize": 4, "learningRate": 0.001},
            "trainingData": {
                "examples": {
                    "examples": [
                        {"textInput": "1", "output": "2"},
                        {"textInput": "六", "output": "七"},
                        {"textInput": "a", "output": "b"},
                    ]
                }
            },
        },
    }
    assert operation.name == "tunedModels/m/operations/o"


def test_create_with_defaults(client: Client, answers: responses.RequestsMock) -> None:
    """What is not given is not sent, so the service chooses; a generator of examples will do."""
    answers.post(MODELS, json=OPERATION)
    client.tuned_models.create(base_model="m", training_data=(pair for pair in PAIR))

    assert answers.calls[0].request.url == MODELS
    assert body_of(answers) == {
        "baseModel": "models/m",
        "tuningTask": {
            "hyperparameters": {},
            "trainingData": {"examples": {"examples": [{"textInput": "1", "output": "2"}]}},
        },
    }


@pytest.mark.parametrize(
    ("base_model", "source"),
    [
        ("models/m", {"baseModel": "models/m"}),
        ("m", {"baseModel": "models/m"}),
        ("tunedModels/t", {"tunedModelSource": {"tunedModel": "tunedModels/t"}}),
    ],
)
def test_what_is_tuned(
    client: Client, answers: responses.RequestsMock, base_model: str, source: dict[str, Any]
) -> None:
    """A base model may be named without models/; a tuned model can be tuned further."""
    answers.post(MODELS, json=OPERATION)
    client.tuned_models.create(base_model=base_model, training_data=PAIR)
    sent = body_of(answers)

    assert {name: sent[name] for name in sent if name != "tuningTask"} == source


@pytest.mark.parametrize(
    "row",
    ["ab", ("1",), ("1", "2", "3"), {"text_input": "1"}, {"text_input": "1", "output": "2", "x": "3"}, None, 7],
)
def test_example_of_another_form(client: Client, answers: responses.RequestsMock, row: Any) -> None:
    """An example that is neither pair nor dict is named by its place, and nothing is sent."""
    with pytest.raises(TypeError, match=r"training_data\[1\] must be a pair"):
        client.tuned_models.create(base_model="m", training_data=[("1", "2"), row])

    assert len(answers.calls) == 0


def test_create_that_is_refused(client: Client, answers: responses.RequestsMock) -> None:
    """A refusal is the error of its status, with the service's own words."""
    message = "models/m is not found for CREATE TUNED MODEL at API version v1beta."
    error = {"code": 400, "message": message, "status": "FAILED_PRECONDITION"}
    answers.post(MODELS, json={"error": error}, status=400)

    with pytest.raises(FailedPrecondition, match="is not found for CREATE TUNED MODEL"):
        client.tuned_models.create(base_model="m", training_data=PAIR)


@pytest.mark.parametrize("name", ["counter", "tunedModels/counter"])
def test_names_with_and_without_the_collection(client: Client, answers: responses.RequestsMock, name: str) -> None:
    """Each method takes the whole name or the id alone."""
    answers.get(f"{MODELS}/counter", json={"name": "tunedModels/counter", "state": "ACTIVE"})
    answers.post(f"{MODELS}/counter:generateContent", json={})
    answers.delete(f"{MODELS}/counter", json={})

    assert client.tuned_models.get(name).state == "ACTIVE"
    assert client.tuned_models.generate_content(name, "1").text == ""
    client.tuned_models.delete(name)
    assert [call.request.method for call in answers.calls] == ["GET", "POST", "DELETE"]


@pytest.mark.parametrize("name", ["", "tunedModels/", "models/m", "tunedModels/m/operations/o", "tunedModels/m/"])
def test_names_that_are_none(client: Client, answers: responses.RequestsMock, name: str) -> None:
    """A name that would lead to something else is refused before anything is sent."""
    for method in (client.tuned_models.get, client.tuned_models.delete):
        with pytest.raises(ValueError, match="is not") as caught:
            method(name)
        assert repr(name) in str(caught.value)

    assert len(answers.calls) == 0


def test_get_what_is_missing(client: Client, answers: responses.RequestsMock) -> None:
    """A missing model is NotFound."""
    answers.get(f"{MODELS}/m", status=404)

    with pytest.raises(NotFound):
        client.tuned_models.get("m")


def test_list_asks_for_a_page_when_it_is_reached(client: Client, answers: responses.RequestsMock) -> None:
    """Listing is lazy: the first request with the first item, the second with the first of page two."""
    answers.get(MODELS, json={"tunedModels": [{"name": "a"}, {"name": "b"}], "nextPageToken": "t/1="})
    answers.get(MODELS, json={"tunedModels": [{"name": "c"}]})
    models = client.tuned_models.list(page_size=2, filter="owner:me")
    assert len(answers.calls) == 0

    assert [next(models).name, next(models).name] == ["a", "b"]
    assert len(answers.calls) == 1

    assert [model.name for model in models] == ["c"]
    queries = [dict(parse_qsl(urlsplit(call.request.url or "").query)) for call in answers.calls]
    assert queries == [
        {"pageSize": "2", "filter": "owner:me"},
        {"pageSize": "2", "filter": "owner:me", "pageToken": "t/1="},
    ]


def test_list_passes_over_an_empty_page(client: Client, answers: responses.RequestsMock) -> None:
    """A page may be empty and still not the last."""
    answers.get(MODELS, json={"nextPageToken": "more"})
    answers.get(MODELS, json={"tunedModels": [{"name": "a"}]})

    assert [model.name for model in client.tuned_models.list()] == ["a"]


def test_list_of_nothing(client: Client, answers: responses.RequestsMock) -> None:
    """Without models the answer is empty, and so is the list; no parameter is sent."""
    answers.get(MODELS, json={})

    assert list(client.tuned_models.list()) == []
    assert answers.calls[0].request.url == MODELS


def test_generate_content(client: Client, answers: responses.RequestsMock) -> None:
    """The text goes out as the user's one turn, and the answer's text comes back."""
    raw = {"candidates": [{"content": {"parts": [{"text": "LXIV"}]}}], "usageMetadata": {"totalTokenCount": 9}}
    answers.post(f"{MODELS}/m:generateContent", json=raw)
    response = client.tuned_models.generate_content("m", "LXIII")

    assert body_of(answers) == {"contents": [{"role": "user", "parts": [{"text": "LXIII"}]}]}
    assert response.text == "LXIV"
    assert response.raw == raw
