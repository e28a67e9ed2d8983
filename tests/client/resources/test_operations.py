"""The collection of operations gets, lists and cancels operations by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import responses
from responses import matchers

from tunedmodels import Client, TransportError, TunedModel

URL = "https://service.test"
NAME = "tunedModels/m/operations/o"
LOOK = f"{URL}/v1beta/{NAME}"

RUNNING: dict[str, Any] = {"name": NAME, "metadata": {"totalSteps": 4, "completedSteps": 1}}
END: dict[str, Any] = {"name": NAME, "done": True, "response": {"name": "tunedModels/m", "state": "ACTIVE"}}


def urls(answers: responses.RequestsMock) -> list[str | None]:
    return [call.request.url for call in answers.calls]


def test_get(answers: responses.RequestsMock, client: Client) -> None:
    """The client requests an operation once."""
    answers.get(LOOK, json=RUNNING)
    operation = client.operations.get(NAME)

    assert operation.name == NAME
    assert operation.metadata.completed_steps == 1
    assert urls(answers) == [LOOK]


def test_operation_polls_and_waits(answers: responses.RequestsMock) -> None:
    """The operation polls v1beta, and waits by the client's clock."""
    sleeps: list[float] = []
    answers.get(LOOK, json=RUNNING)
    answers.get(LOOK, json=RUNNING)
    answers.get(LOOK, json=END)
    with Client(URL, api_key="the-key", sleep=sleeps.append) as client:
        model = client.operations.get(NAME).result()

    assert model.state == "ACTIVE"
    assert urls(answers) == [LOOK] * 3
    assert sleeps == [0.25]


@pytest.mark.parametrize(
    ("model", "path"),
    [
        (None, "v1/operations"),
        ("m", "v1beta/tunedModels/m/operations"),
        ("tunedModels/m", "v1beta/tunedModels/m/operations"),
        (TunedModel(name="tunedModels/m"), "v1beta/tunedModels/m/operations"),
    ],
    ids=["all", "id", "name", "model"],
)
def test_list(answers: responses.RequestsMock, client: Client, model: str | TunedModel | None, path: str) -> None:
    """The operations of all models are of v1, those of one model of v1beta; pages are requested when needed."""
    other = {**RUNNING, "name": "tunedModels/m/operations/p"}
    first_query = matchers.query_param_matcher({"pageSize": "1"})
    answers.get(f"{URL}/{path}", json={"operations": [END], "nextPageToken": "more"}, match=[first_query])
    second_query = matchers.query_param_matcher({"pageSize": "1", "pageToken": "more"})
    answers.get(f"{URL}/{path}", json={"operations": [other]}, match=[second_query])
    operations = client.operations.list(model, page_size=1)
    calls_before = len(answers.calls)
    first, second = operations

    assert calls_before == 0
    assert (first.name, second.name) == (NAME, "tunedModels/m/operations/p")
    assert first.done()
    assert len(answers.calls) == 2


def test_list_from_a_token(answers: responses.RequestsMock, client: Client) -> None:
    """A list begins at the given page token."""
    query = matchers.query_param_matcher({"pageToken": "more"})
    answers.get(f"{URL}/v1/operations", json={"operations": [RUNNING]}, match=[query])

    assert [operation.name for operation in client.operations.list(page_token="more")] == [NAME]


def test_cancel(answers: responses.RequestsMock, client: Client) -> None:
    """cancel() posts to v1, which alone has it."""
    answers.post(f"{URL}/v1/{NAME}:cancel", json={}, match=[matchers.json_params_matcher({})])
    client.operations.cancel(NAME)

    assert urls(answers) == [f"{URL}/v1/{NAME}:cancel"]


def test_cancel_by_the_operation(answers: responses.RequestsMock, client: Client) -> None:
    """An operation polls before it sends the cancellation."""
    answers.get(LOOK, json=RUNNING)
    answers.post(f"{URL}/v1/{NAME}:cancel", json={})

    assert client.operations.get(NAME).cancel()
    assert urls(answers) == [LOOK, LOOK, f"{URL}/v1/{NAME}:cancel"]


@pytest.mark.parametrize("ask", [lambda client: client.operations.get, lambda client: client.operations.cancel])
@pytest.mark.parametrize("name", ["", "o", "operations/o", "tunedModels/m", f"{NAME}/x", f"{NAME}:cancel", f"/{NAME}"])
def test_name_that_cannot_be_one(client: Client, ask: Callable[[Client], Callable[[str], object]], name: str) -> None:
    """A name in another form is a ValueError, and nothing is sent."""
    with pytest.raises(ValueError, match=r"An operation's name has the form tunedModels/{id}/operations/{id}; "):
        ask(client)(name)


def test_page_without_a_list(answers: responses.RequestsMock, client: Client) -> None:
    """A page whose member is not a list is a TransportError."""
    answers.get(f"{URL}/v1/operations", json={"operations": "none"})

    with pytest.raises(TransportError, match="a page whose operations is not a list: 'none'"):
        list(client.operations.list())
