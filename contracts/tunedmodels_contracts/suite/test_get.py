"""These clauses check what a get call shows of a tuned model, during its creation and after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tunedmodels_contracts.clauses.clause import Cost, Need, clause
from tunedmodels_contracts.harness.answer import Answer
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.operation_types import nanoseconds
from tunedmodels_contracts.harness.tuning_runs import ObservedRun
from tunedmodels_contracts.targets.target import Target

GET = "tunedModels.get"

_MEMBERS = [
    "name",
    "baseModel",
    "displayName",
    "state",
    "createTime",
    "updateTime",
    "tuningTask",
    "temperature",
    "topP",
    "topK",
]

Create = Callable[..., Answer]


@pytest.fixture
def new_model(api: Api, create: Create) -> dict[str, Any]:
    """A model right after its create call. Skip the test if the run has already computed a step."""
    created = create(displayName="number generator").ok()
    model: dict[str, Any] = api.get(f"v1beta/{created['metadata']['tunedModel']}").ok()
    if model["state"] != "CREATING" or "snapshots" in model["tuningTask"]:
        pytest.skip("the run was too quick to be seen at its beginning")
    return model


@clause("get/visible-at-once", GET, "tunedModels.create", cost=Cost.TUNING)
def test_visible_at_once(api: Api, create: Create) -> None:
    """A model can be read as soon as its create call is answered. Observed in 2023 and 2024."""
    name = create().ok()["metadata"]["tunedModel"]

    assert api.get(f"v1beta/{name}").ok()["name"] == name


@clause("get/members-while-creating", GET, cost=Cost.TUNING)
def test_members_while_creating(new_model: dict[str, Any], target: Target) -> None:
    """A model in creation shows the values of its create call and its times, in a fixed order, and no snapshots.
    Observed to the byte in 2023, and in 2024; startTime is missing while the run waits for its turn.
    """
    assert list(new_model) == _MEMBERS
    assert [member for member in new_model["tuningTask"] if member != "startTime"] == ["hyperparameters"]
    assert list(new_model["tuningTask"])[-1] == "hyperparameters"
    assert new_model["baseModel"] == target.base_model
    assert new_model["state"] == "CREATING"


@clause("get/updated-when-created", GET, cost=Cost.TUNING)
def test_updated_when_created(new_model: dict[str, Any]) -> None:
    """The first update time of a model is its create time. Observed in 2023."""
    assert new_model["updateTime"] == new_model["createTime"]


@clause("get/members-when-active", GET, cost=Cost.TUNING)
def test_members_when_active(finished_run: ObservedRun) -> None:
    """An active model and its snapshots show their members in a fixed order. Observed in 2024."""
    model = finished_run.model

    assert model["state"] == "ACTIVE"
    assert list(model) == _MEMBERS
    assert list(model["tuningTask"]) == ["startTime", "completeTime", "snapshots", "hyperparameters"]
    for snapshot in model["tuningTask"]["snapshots"]:
        members = [member for member in snapshot if member != "epoch"]
        assert members == ["step", "meanLoss", "computeTime"]
        assert list(snapshot)[1] == ("epoch" if "epoch" in snapshot else "meanLoss")


@clause("get/updated-when-completed", GET, cost=Cost.TUNING)
def test_updated_when_completed(finished_run: ObservedRun) -> None:
    """The end of a run is the last update of its model. Observed in 2024."""
    assert finished_run.model["updateTime"] == finished_run.model["tuningTask"]["completeTime"]


@clause("get/updated-by-progress", GET, cost=Cost.TUNING)
def test_updated_by_progress(finished_run: ObservedRun) -> None:
    """While a model trains, its update time moves on and is never before the last step that shows. Observed in 2024."""
    models = [observation.tuned_model for observation in finished_run.trace if observation.tuned_model is not None]

    times = [nanoseconds(model["updateTime"]) for model in models]
    assert times == sorted(times)
    for model, time in zip(models, times, strict=True):
        for snapshot in model["tuningTask"].get("snapshots", [])[-1:]:
            assert time // 1000 >= nanoseconds(snapshot["computeTime"]) // 1000


@clause("get/hyperparameters-as-given", GET, cost=Cost.TUNING)
def test_hyperparameters_as_given(finished_run: ObservedRun) -> None:
    """A model shows the hyperparameters as they were sent. Observed in 2023 and 2024."""
    models = [observation.tuned_model for observation in finished_run.trace if observation.tuned_model is not None]

    for model in models:
        assert model["tuningTask"]["hyperparameters"] == {"epochCount": 5, "batchSize": 2, "learningRate": 0.001}


@clause("get/training-data-stays-secret", GET, cost=Cost.TUNING)
def test_training_data_stays_secret(finished_run: ObservedRun) -> None:
    """No answer shows the training data. Documented, and observed in every answer."""
    for observation in finished_run.trace:
        assert "trainingData" not in (observation.tuned_model or {}).get("tuningTask", {})


@clause("get/reader-projects", GET, "tunedModels.create", cost=Cost.TUNING)
def test_reader_projects(api: Api, create: Create) -> None:
    """Project numbers have 64 bits, so answers show them as strings, however they were sent. Documented."""
    name = create(readerProjectNumbers=["123", 9007199254740993]).ok()["metadata"]["tunedModel"]

    assert api.get(f"v1beta/{name}").ok()["readerProjectNumbers"] == ["123", "9007199254740993"]


@clause("get/missing-model", GET, outcome="404 NOT_FOUND", cost=Cost.FREE)
def test_missing_model(api: Api, new_id: Callable[[], str]) -> None:
    """A model that does not exist is not found, with a fixed message and without details. Observed 2023 to 2025."""
    name = f"tunedModels/{new_id()}"
    error = api.get(f"v1beta/{name}").assert_error(404, "NOT_FOUND")

    assert error.message == f"Tuned model {name} does not exist."
    assert error.details == ()


@clause("get/model-of-another-user", GET, outcome="403 PERMISSION_DENIED", cost=Cost.TUNING, needs=[Need.SECOND_CALLER])
def test_model_of_another_user(api: Api, foreign_model: str) -> None:
    """Another user's model is forbidden, with a fixed message and without details. Observed in 2024."""
    error = api.get(f"v1beta/{foreign_model}").assert_error(403, "PERMISSION_DENIED")

    assert error.message == f"You do not have permission to access tuned model {foreign_model}."
    assert error.details == ()
