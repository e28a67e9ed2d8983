"""google-api-python-client works against the mock server, with the server's discovery document.

These tests leave out batches, which ignore the endpoint.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import requests

pytestmark = [
    pytest.mark.clients,
    pytest.mark.filterwarnings("ignore::FutureWarning:google.api_core"),
]

BODY = {
    "displayName": "Number generator",
    "baseModel": "models/gemini-1.0-pro-001",
    "tuningTask": {
        "hyperparameters": {"epochCount": 3, "batchSize": 2, "learningRate": 0.25},
        "trainingData": {
            "examples": {"examples": [{"textInput": "1", "output": "2"}, {"textInput": "3", "output": "4"}]}
        },
    },
}


def build_service(url: str, key: str, version: str = "v1beta") -> Any:
    """Build the service object from the server's discovery document."""
    from googleapiclient.discovery import build

    document = f"{url}/$discovery/rest?version={{apiVersion}}"
    return build("generativelanguage", version, discoveryServiceUrl=document, developerKey=key)


@pytest.fixture
def service(polling_url: str, key: str) -> Iterator[Any]:
    """The API at v1beta."""
    with closing(build_service(polling_url, key)) as service:
        yield service


@pytest.fixture
def models(service: Any) -> Any:
    """The collection tunedModels."""
    return service.tunedModels()


def refusal(request: Any) -> tuple[int, dict[str, Any]]:
    """Execute a request that the server refuses; return the status and the error of the answer."""
    from googleapiclient.errors import HttpError

    with pytest.raises(HttpError) as caught:
        request.execute()
    error = json.loads(caught.value.content)["error"]
    assert caught.value.reason == error["message"]
    return int(caught.value.resp.status), error


def prompt(text: str) -> dict[str, Any]:
    """Return the body of a generation request."""
    return {"contents": [{"parts": [{"text": text}]}]}


def text_of(answer: dict[str, Any]) -> str:
    """Return the text of an answer's first candidate."""
    return "".join(part["text"] for part in answer["candidates"][0]["content"]["parts"])


def test_operation_runs_to_its_response(models: Any) -> None:
    """create starts an operation, which ends with the tuned model."""
    operation = models.create(tunedModelId="counter", body=BODY).execute()
    polls = 0
    while not operation.get("done"):
        polls += 1
        assert polls < 20, f"never ends: {operation}"
        operation = models.operations().get(name=operation["name"]).execute()

    assert polls > 1
    assert operation["metadata"]["totalSteps"] == operation["metadata"]["completedSteps"] == 3
    assert (operation["response"]["name"], operation["response"]["state"]) == ("tunedModels/counter", "ACTIVE")


def test_operations_of_a_model_are_listed(models: Any) -> None:
    """operations.list gives a model's one operation."""
    operation = models.create(tunedModelId="counter", body=BODY).execute()

    page = models.operations().list(name="tunedModels/counter").execute()

    assert [entry["name"] for entry in page["operations"]] == [operation["name"]]


def test_cancel_by_the_document_of_v1(models: Any, polling_url: str, key: str) -> None:
    """Only v1 has operations.cancel; the operation ends with the error CANCELLED."""
    operation = models.create(tunedModelId="counter", body=BODY).execute()
    with closing(build_service(polling_url, key, "v1")) as stable:
        assert stable.tunedModels().operations().cancel(name=operation["name"], body={}).execute() == {}

    operation = models.operations().get(name=operation["name"]).execute()

    assert not hasattr(models.operations(), "cancel")
    assert (operation["done"], operation["error"]["code"]) == (True, 1)


def test_list_next_pages_through_tuned_models(models: Any) -> None:
    """list and list_next read every page, in order of creation."""
    for number in range(3):
        models.create(tunedModelId=f"model-{number}", body=BODY).execute()
    pages = []
    request = models.list(pageSize=2)
    while request is not None:
        answer = request.execute()
        pages.append([model["name"] for model in answer["tunedModels"]])
        request = models.list_next(request, answer)

    assert pages == [["tunedModels/model-0", "tunedModels/model-1"], ["tunedModels/model-2"]]


def test_patch_changes_only_the_members_of_its_mask(models: Any, tuned_model: str) -> None:
    """patch writes the masked member and ignores the others of its body."""
    body = {"description": "counts", "displayName": "ignored"}
    models.patch(name=tuned_model, updateMask="description", body=body).execute()

    model = models.get(name=tuned_model).execute()

    assert (model["description"], model["displayName"]) == ("counts", "counter")


def test_delete_removes_the_model(models: Any, tuned_model: str) -> None:
    """delete answers an empty object, and then the model is not found."""
    assert models.delete(name=tuned_model).execute() == {}

    status, error = refusal(models.get(name=tuned_model))
    assert (status, error["status"]) == (404, "NOT_FOUND")
    assert error["message"] == f"Tuned model {tuned_model} does not exist."


def test_permissions_from_creation_to_removal(models: Any, tuned_model: str) -> None:
    """A permission can be created, listed, read, changed and deleted."""
    permissions = models.permissions()
    body = {"granteeType": "USER", "emailAddress": "bob@example.com", "role": "READER"}
    name = permissions.create(parent=tuned_model, body=body).execute()["name"]
    grants = permissions.list(parent=tuned_model).execute()["permissions"]
    permissions.patch(name=name, updateMask="role", body={"role": "WRITER"}).execute()
    changed = permissions.get(name=name).execute()

    assert [grant["role"] for grant in grants] == ["OWNER", "READER"]
    assert changed == {"name": name, **body, "role": "WRITER"}
    assert permissions.delete(name=name).execute() == {}
    assert refusal(permissions.get(name=name))[0] == 404


def test_generate_content(models: Any, tuned_model: str) -> None:
    """generateContent answers by the training data."""
    answer = models.generateContent(model=tuned_model, body=prompt("3")).execute()

    assert text_of(answer) == "4"


def test_stream_generate_content_is_one_array(models: Any, tuned_model: str) -> None:
    """streamGenerateContent gives the list of chunks, whose texts make up the whole answer."""
    whole = models.generateContent(model=tuned_model, body=prompt("What now?")).execute()
    chunks = models.streamGenerateContent(model=tuned_model, body=prompt("What now?")).execute()

    assert len(chunks) > 1
    assert "".join(map(text_of, chunks)) == text_of(whole)


def test_base_models(service: Any) -> None:
    """Base models are listed, read and count tokens."""
    base_models = service.models().list(pageSize=1000).execute()["models"]
    name = "models/gemini-1.5-flash"
    count = service.models().countTokens(model=name, body=prompt("one two")).execute()

    assert service.models().get(name=name).execute() in base_models
    assert count == {"totalTokens": 3}


def test_document_forbids_other_names(models: Any) -> None:
    """The client refuses a name of another collection by the patterns of the document."""
    with pytest.raises(TypeError, match=r"does not match the pattern"):
        models.get(name="models/counter")


def test_document_works_with_another_endpoint(polling_url: str, key: str, tuned_model: str) -> None:
    """A saved document works with the endpoint as a client option."""
    from googleapiclient.discovery import build_from_document

    document = requests.get(f"{polling_url}/$discovery/rest?version=v1beta", timeout=10).json()
    document["rootUrl"] = "http://127.0.0.1:9/"
    options = {"api_endpoint": polling_url}
    with closing(build_from_document(document, developerKey=key, client_options=options)) as service:
        assert service.tunedModels().get(name=tuned_model).execute()["name"] == tuned_model
