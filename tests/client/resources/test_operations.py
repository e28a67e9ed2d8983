"""The collection of operations: get, list and cancel, and that an operation is known by its name alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import responses
from responses import matchers

from tunedmodels import Client, NotFound, TransportError, TunedModel

URL = "https://service.test"
NAME = "tunedModels/m/operations/o"
LOOK = f"{URL}/v1beta/{NAME}"

RUNNING: dict[str, Any] = {"name": NAME, "metadata": {"totalSteps": 4, "completedSteps": 1}}
ENDED: dict[str, Any] = {"name": NAME, "done": True, "response": {"name": "tunedModels/m", "state": "ACTIVE"}}


def urls(answers: responses.RequestsMock) -> list[str | None]:
    return [call.request.url for call in answers.calls]


def test_get(answers: responses.RequestsMock, client: Client) -> None:
    """An operation is asked for once, as it is now."""
    answers.get(LOOK, json=RUNNING)
    operation = client.operations.get(NAME)

    assert operation.name == NAME
    assert operation.metadata.completed_steps == 1
    assert urls(answers) == [LOOK]


def test_rebuilt_by_its_name(answers: responses.RequestsMock, client: Client) -> None:
    """Another client needs the name alone to wait for what this one began."""
    answers.post(f"{URL}/v1beta/tunedModels", json=RUNNING)
    name = client.tuned_models.create(base_model="b", training_data=[("1", "2")], display_name="d").name
    answers.get(LOOK, json=ENDED)

    with Client(URL, api_key="another") as other:
        model = other.operations.get(name).result(timeout=0)

    assert model.name == "tunedModels/m"


def test_get_of_nothing(answers: responses.RequestsMock, client: Client) -> None:
    """What there is not raises when it is asked for."""
    answers.get(LOOK, status=404)

    with pytest.raises(NotFound):
        client.operations.get(NAME)


def test_operation_looks_and_waits(answers: responses.RequestsMock) -> None:
    """It asks v1beta for itself, and waits by the client's clock."""
    sleeps: list[float] = []
    answers.get(LOOK, json=RUNNING)
    answers.get(LOOK, json=RUNNING)
    answers.get(LOOK, json=ENDED)
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
    """The operations of all models are v1's, those of one v1beta's; pages come when they are reached."""
    second = {**RUNNING, "name": "tunedModels/m/operations/p"}
    first_query = matchers.query_param_matcher({"pageSize": "1"})
    answers.get(f"{URL}/{path}", json={"operations": [ENDED], "nextPageToken": "more"}, match=[first_query])
    second_query = matchers.query_param_matcher({"pageSize": "1", "pageToken": "more"})
    answers.get(f"{URL}/{path}", json={"operations": [second]}, match=[second_query])
    operations = client.operations.list(model, page_size=1)
    asked_before = len(answers.calls)
    listed = list(operations)

    assert asked_before == 0
    assert [operation.name for operation in listed] == [NAME, "tunedModels/m/operations/p"]
    assert listed[0].done()
    assert len(answers.calls) == 2


def test_list_goes_on(answers: responses.RequestsMock, client: Client) -> None:
    """A list begins at the page token that it is given."""
    query = matchers.query_param_matcher({"pageToken": "more"})
    answers.get(f"{URL}/v1/operations", json={"operations": [RUNNING]}, match=[query])

    assert [operation.name for operation in client.operations.list(page_token="more")] == [NAME]


def test_empty_list(answers: responses.RequestsMock, client: Client) -> None:
    """If there are no operations, the service leaves out the member, and the list is empty."""
    answers.get(f"{URL}/v1/operations", json={})

    assert list(client.operations.list()) == []


def test_cancel(answers: responses.RequestsMock, client: Client) -> None:
    """cancel() posts to v1, which alone has it."""
    answers.post(f"{URL}/v1/{NAME}:cancel", json={}, match=[matchers.json_params_matcher({})])
    client.operations.cancel(NAME)

    assert urls(answers) == [f"{URL}/v1/{NAME}:cancel"]


def test_cancel_by_the_operation(answers: responses.RequestsMock, client: Client) -> None:
    """An operation looks before it asks to be stopped."""
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


@pytest.mark.parametrize("value", [{}, {"name": ""}, {"done": True}], ids=repr)
def test_answer_that_is_no_operation(answers: responses.RequestsMock, client: Client, value: dict[str, Any]) -> None:
    """An answer without a name is not taken for an operation."""
    answers.get(LOOK, json=value)

    with pytest.raises(TransportError, match="something that is not an operation"):
        client.operations.get(NAME)


def test_page_without_a_list(answers: responses.RequestsMock, client: Client) -> None:
    """A page whose member is not a list is a TransportError."""
    answers.get(f"{URL}/v1/operations", json={"operations": "none"})

    with pytest.raises(TransportError, match="a page whose operations is not a list: 'none'"):
        list(client.operations.list())
