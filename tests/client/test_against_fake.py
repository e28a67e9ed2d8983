"""The client against the mock server, over a socket: the whole tuning tutorial, and what it refuses."""

from __future__ import annotations

import pytest

from tunedmodels import (
    AlreadyExists,
    Client,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    Operation,
    OperationFailed,
    OperationTimeout,
)

BASE = "models/gemini-1.0-pro-001"
PAIRS = [("1", "2"), ("3", "4"), ("-3", "-2"), ("twenty two", "twenty three"), ("seven", "eight")]


def tune(client: Client, **more: str) -> Operation:
    return client.tuned_models.create(
        base_model=BASE, training_data=PAIRS, epoch_count=4, batch_size=2, learning_rate=0.001, **more
    )


def test_tutorial(tunedmodels_client: Client) -> None:
    """Create, watch, ask, list and delete, as the published tutorial does."""
    models = tunedmodels_client.tuned_models
    operation = tune(tunedmodels_client, display_name="number generator", description="counts")
    name = operation.metadata.tuned_model
    assert operation.metadata.total_steps == 10
    assert models.get(name).state == "CREATING"

    seen = [(item.completed_percent, item.snapshots[-1].step) for item in operation.progress(timeout=30)]
    assert seen == sorted(seen)
    assert seen[-1] == (100.0, 10)

    model = operation.result(timeout=30)
    assert model == models.get(name)
    assert (model.state, model.display_name, model.base_model) == ("ACTIVE", "number generator", BASE)
    assert len(model.tuning_task.snapshots) == 10
    assert [models.generate_content(name, prompt).text for prompt in ("LXIII", "六")] == ["LXIV", "七"]
    assert [listed.name for listed in models.list()] == [name]

    models.delete(name)
    with pytest.raises(NotFound, match="does not exist"):
        models.get(name)


def test_cancel(tunedmodels_client: Client) -> None:
    """A cancelled operation ends with CANCELLED, and its model stays."""
    operation = tune(tunedmodels_client, tuned_model_id="stopped")
    operation.cancel()

    with pytest.raises(OperationFailed, match="cancelled") as caught:
        operation.result(timeout=30)

    assert caught.value.status == "CANCELLED"
    assert tunedmodels_client.tuned_models.get("stopped").name == "tunedModels/stopped"


def test_timeout(tunedmodels_client: Client) -> None:
    """Half a second of tuning is more than no time, and less than plenty."""
    operation = tune(tunedmodels_client, tuned_model_id="slow")
    with pytest.raises(OperationTimeout):
        operation.result(timeout=0)

    assert operation.result(timeout=30).state == "ACTIVE"


def test_pages(tunedmodels_client: Client) -> None:
    """A list of several pages is one list, in order of creation; a filter picks from it."""
    for number in range(5):
        tune(tunedmodels_client, tuned_model_id=f"model-{number}", display_name=f"number {number}")
    models = tunedmodels_client.tuned_models

    assert [model.name for model in models.list(page_size=2)] == [f"tunedModels/model-{n}" for n in range(5)]
    assert [model.name for model in models.list(filter='"number 3"')] == ["tunedModels/model-3"]


def test_refusals(tunedmodels_client: Client) -> None:
    """The service's refusals arrive as the errors of their names."""
    models = tunedmodels_client.tuned_models
    tune(tunedmodels_client, tuned_model_id="taken")

    with pytest.raises(AlreadyExists):
        tune(tunedmodels_client, tuned_model_id="taken")
    with pytest.raises(InvalidArgument, match="is not ready to use"):
        models.generate_content("taken", "1")
    with pytest.raises(InvalidArgument, match="Either tuned_model_id or display_name must be set"):
        tune(tunedmodels_client)
    with pytest.raises(FailedPrecondition, match="is not found for CREATE TUNED MODEL"):
        models.create(base_model="gemini-2.5-flash", training_data=PAIRS, display_name="none")


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_a_world(tunedmodels_client: Client, turn: int) -> None:
    """What one test creates, another does not see."""
    assert list(tunedmodels_client.tuned_models.list()) == []
    tune(tunedmodels_client, tuned_model_id="mine", display_name=f"turn {turn}")


def test_client_without_credentials(tunedmodels_client: Client) -> None:
    """A client of a local server needs no key and looks for none; it is the default developer."""
    with Client(tunedmodels_client.base_url) as client:
        assert isinstance(list(client.tuned_models.list()), list)
