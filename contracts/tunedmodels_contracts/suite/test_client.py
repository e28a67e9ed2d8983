"""These clauses check the API through the project's client. With the clauses on bare requests, they tell a bug of the
client from a bug of the server.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import tunedmodels
from tunedmodels import Client
from tunedmodels_contracts.clauses.clause import Cost, Level, Need, clause
from tunedmodels_contracts.harness.answer import Answer
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.operation_types import nanoseconds
from tunedmodels_contracts.harness.tuning_runs import BATCH_SIZE, EPOCHS, EXAMPLES, ObservedRun
from tunedmodels_contracts.targets.target import Target

CREATE, GET, LIST = "tunedModels.create", "tunedModels.get", "tunedModels.list"
GENERATE, STREAM = "tunedModels.generateContent", "tunedModels.streamGenerateContent"
OPERATION = "tunedModels.operations.get"
PERMISSIONS = "tunedModels.permissions."
INVALID, NOT_FOUND, DENIED = "400 INVALID_ARGUMENT", "404 NOT_FOUND", "403 PERMISSION_DENIED"

Create = Callable[..., Answer]
NewId = Callable[[], str]


def _start(client: Client, target: Target, model_id: str, **arguments: Any) -> tunedmodels.Operation:
    return client.tuned_models.create(
        base_model=target.base_model,
        training_data=EXAMPLES,
        tuned_model_id=model_id,
        batch_size=BATCH_SIZE,
        epoch_count=EPOCHS,
        learning_rate=0.001,
        **arguments,
    )


# -- Runs ------------------------------------------------------------------------------------------------------


@clause("client/a-run", CREATE, OPERATION, cost=Cost.TUNING)
def test_a_run(client: Client, target: Target, new_id: NewId) -> None:
    """A client that waits for a run sees each step once and gets the active model with all steps. Observed 2023
    to 2024.
    """
    model_id = new_id()
    operation = _start(client, target, model_id, display_name="number generator")
    observations = list(operation.progress(timeout=target.bound))
    model = operation.result(timeout=target.bound)

    assert model.name == f"tunedModels/{model_id}"
    assert model.state is tunedmodels.TunedModelState.ACTIVE
    assert model.tuning_task is not None
    assert [snapshot.step for snapshot in model.tuning_task.snapshots] == list(range(1, 39))
    counts = [len(metadata.snapshots) for metadata in observations]
    assert counts == sorted(set(counts))
    assert counts[-1] == 38
    assert operation.metadata.completed_percent == 100


@clause("client/an-operation-by-its-name", OPERATION, cost=Cost.TUNING)
def test_an_operation_by_its_name(client: Client, finished_run: ObservedRun) -> None:
    """The client gets an operation by its name, unchanged. Observed 2023 to 2024."""
    operation = client.operations.get(finished_run.operation_name)

    assert operation.done()
    assert operation.to_json() == finished_run.operation
    assert operation.metadata.tuned_model == finished_run.name
    assert not operation.cancelled()


@clause("client/operations-of-a-model", "tunedModels.operations.list", cost=Cost.TUNING)
def test_operations_of_a_model(client: Client, finished_run: ObservedRun) -> None:
    """The client lists the operations of a model. Documented."""
    assert [operation.name for operation in client.operations.list(finished_run.name)] == [finished_run.operation_name]


@clause("client/all-operations", "operations.list")
def test_all_operations(client: Client) -> None:
    """The client lists the operations of all models. Documented."""
    for operation in client.operations.list():
        assert operation.name


@clause("client/cancel", "tunedModels.operations.cancel", OPERATION, cost=Cost.TUNING)
def test_cancel(client: Client, target: Target, new_id: NewId) -> None:
    """A client that cancels a run gets an error with the status CANCELLED. Documented."""
    operation = _start(client, target, new_id())
    if operation.done():
        pytest.skip("the run ended before it could be cancelled")
    operation.cancel()
    error = operation.exception(timeout=target.bound)

    assert error is not None, "the run went on to its end"
    assert operation.cancelled()
    assert error.status == "CANCELLED"


@clause("client/a-failed-run", OPERATION, cost=Cost.TUNING, needs=[Need.FAILING_RUN])
def test_a_failed_run(client: Client, failed_run: ObservedRun) -> None:
    """A client that waits for a failed run gets its error and can still read its progress. Documented."""
    operation = client.operations.get(failed_run.operation_name)
    with pytest.raises(tunedmodels.OperationFailed) as failure:
        operation.result()

    assert str(failed_run.operation["error"]["message"]) in str(failure.value)
    assert not operation.cancelled()
    assert operation.metadata.total_steps == failed_run.operation["metadata"]["totalSteps"]


# -- Models ----------------------------------------------------------------------------------------------------


@clause("client/get", GET, cost=Cost.TUNING)
def test_get(client: Client, target: Target, finished_run: ObservedRun) -> None:
    """The client gets a model with the same values as a bare request. Observed 2023 to 2024."""
    model = client.tuned_models.get(finished_run.name)

    task, expected_task = model.tuning_task, finished_run.model["tuningTask"]
    assert task is not None
    assert (model.name, model.base_model, model.state) == (finished_run.name, target.base_model, "ACTIVE")
    assert task.hyperparameters is not None
    assert task.hyperparameters.to_json() == expected_task["hyperparameters"]
    assert [(snapshot.step, snapshot.epoch, snapshot.mean_loss) for snapshot in task.snapshots] == [
        (snapshot["step"], snapshot.get("epoch", 0), snapshot["meanLoss"]) for snapshot in expected_task["snapshots"]
    ]
    # The texts can differ, because the client writes a time with no more digits than it needs.
    assert nanoseconds(model.to_json()["createTime"]) == nanoseconds(finished_run.model["createTime"])
    assert nanoseconds(task.to_json()["startTime"]) == nanoseconds(expected_task["startTime"])


@clause("client/list", LIST, cost=Cost.TUNING)
def test_list(client: Client, eleven_models: list[str]) -> None:
    """The client follows the pages of a list and returns each model once. Documented, and tested by Google."""
    names = [model.name for model in client.tuned_models.list(page_size=4)]

    assert [name for name in names if name in eleven_models] == eleven_models


@clause("client/filter", LIST, cost=Cost.TUNING)
def test_filter(client: Client, create: Create, unused_email: str) -> None:
    """The client finds a model by a word in a filter. Documented."""
    word = unused_email.removeprefix("contracts-").partition("@")[0]
    name = create(displayName=word).ok()["metadata"]["tunedModel"]

    assert [model.name for model in client.tuned_models.list(filter=word)] == [name]


@clause("client/update", "tunedModels.patch", cost=Cost.TUNING)
def test_update(client: Client, scratch_run: ObservedRun, unused_email: str) -> None:
    """An update shows at once, and the other members stay. Observed 2023 to 2024."""
    old = client.tuned_models.get(scratch_run.name)
    updated = client.tuned_models.update(scratch_run.name, description=unused_email, temperature=0.125)

    assert (updated.description, updated.temperature) == (unused_email, 0.125)
    assert client.tuned_models.get(scratch_run.name) == updated
    assert updated.tuning_task == old.tuning_task


@clause("client/delete", "tunedModels.delete", GET, outcome=NOT_FOUND, cost=Cost.TUNING)
def test_delete(client: Client, create: Create) -> None:
    """A deleted model is not found, with a fixed message. Observed 2023 to 2025."""
    name = create().ok()["metadata"]["tunedModel"]
    client.tuned_models.delete(name)

    with pytest.raises(tunedmodels.NotFound) as raised:
        client.tuned_models.get(name)
    assert raised.value.message == f"Tuned model {name} does not exist."


@clause("client/transfer", "tunedModels.transferOwnership", cost=Cost.TUNING, needs=[Need.SECOND_CALLER])
def test_transfer(client: Client, other_api: Api, create: Create, other_email: str) -> None:
    """After a transfer, the old owner can no longer delete the model. Documented."""
    name = create().ok()["metadata"]["tunedModel"]
    client.tuned_models.transfer_ownership(name, other_email)

    with pytest.raises(tunedmodels.PermissionDenied):
        client.tuned_models.delete(name)
    other_api.delete(f"v1beta/{name}").ok()


@clause("client/taken-id", CREATE, outcome="409 ALREADY_EXISTS", cost=Cost.TUNING)
def test_taken_id(client: Client, target: Target, finished_run: ObservedRun) -> None:
    """A caller cannot use the id of their own model again. Documented: the official sample expects it."""
    with pytest.raises(tunedmodels.AlreadyExists):
        _start(client, target, finished_run.name.removeprefix("tunedModels/"))


@clause("client/base-model-that-cannot-be-tuned", CREATE, outcome="400 FAILED_PRECONDITION", cost=Cost.FREE)
def test_base_model_that_cannot_be_tuned(client: Client, new_id: NewId) -> None:
    """If a base model cannot be tuned, the error says that it is not found for tuning. Observed in 2025."""
    with pytest.raises(tunedmodels.FailedPrecondition) as raised:
        client.tuned_models.create(
            base_model="gemini-2.5-flash", training_data=EXAMPLES, tuned_model_id=new_id(), epoch_count=1
        )
    assert raised.value.message == (
        "models/gemini-2.5-flash is not found for CREATE TUNED MODEL at API version v1beta."
    )


@clause("client/model-of-another-user", GET, outcome=DENIED, cost=Cost.TUNING, needs=[Need.SECOND_CALLER])
def test_model_of_another_user(client: Client, foreign_model: str) -> None:
    """Another user's model is forbidden, with a fixed message. Observed in 2024."""
    with pytest.raises(tunedmodels.PermissionDenied) as raised:
        client.tuned_models.get(foreign_model)
    assert raised.value.message == f"You do not have permission to access tuned model {foreign_model}."


# -- Permissions -----------------------------------------------------------------------------------------------


@clause(
    "client/permissions", *(f"{PERMISSIONS}{verb}" for verb in ("create", "list", "get", "patch")), cost=Cost.TUNING
)
def test_permissions(client: Client, scratch_run: ObservedRun, unused_email: str) -> None:
    """The client creates, gets, lists, changes and deletes a permission. Observed in 2024."""
    permissions = client.tuned_models.permissions(scratch_run.name)
    created = permissions.create("READER", unused_email)
    try:
        assert permissions.get(created) == created
        listed = list(permissions.list(page_size=1))
        assert listed[0].role is tunedmodels.Role.OWNER
        assert created in listed
        updated = permissions.update(created, "WRITER")
        assert (updated.name, updated.email_address) == (created.name, created.email_address)
        assert updated.role is tunedmodels.Role.WRITER
    finally:
        permissions.delete(created)
    assert created.name not in [permission.name for permission in permissions.list()]


@clause(
    "client/missing-permission",
    f"{PERMISSIONS}delete",
    outcome=NOT_FOUND,
    level=Level.RECOMMENDED,
    cost=Cost.TUNING,
)
def test_missing_permission(client: Client, scratch_run: ObservedRun) -> None:
    """A permission that does not exist is not found. Inferred from those of a missing model."""
    with pytest.raises(tunedmodels.NotFound):
        client.tuned_models.permissions(scratch_run.name).delete("123456789012345678901")


# -- Generation ------------------------------------------------------------------------------------------------


@clause("client/generate", GENERATE, cost=Cost.TUNING)
def test_generate(client: Client, finished_run: ObservedRun) -> None:
    """A tuned model answers with a text and the finish reason STOP. Observed in 2024."""
    answer = client.tuned_models.generate_content(finished_run.name, "100")

    assert answer.text
    assert answer.candidates[0].finish_reason is tunedmodels.FinishReason.STOP


@clause("client/stream", STREAM, cost=Cost.TUNING)
@pytest.mark.parametrize("events", [True, False])
def test_stream(client: Client, finished_run: ObservedRun, events: bool) -> None:
    """A stream has chunks, and the last one has a finish reason. Documented."""
    chunks = list(client.tuned_models.stream_generate_content(finished_run.name, "two hundred", events=events))

    assert "".join(chunk.text for chunk in chunks)
    assert chunks[-1].candidates[0].finish_reason is tunedmodels.FinishReason.STOP


@clause("client/not-ready", GENERATE, STREAM, outcome=INVALID, cost=Cost.TUNING)
@pytest.mark.parametrize("streamed", [False, True])
def test_not_ready(api: Api, client: Client, create: Create, streamed: bool) -> None:
    """A model in creation is not ready to use, and the error says so in a fixed message. Observed in 2024 and 2025."""
    name, message = create().ok()["metadata"]["tunedModel"], ""
    models = client.tuned_models
    try:
        list(models.stream_generate_content(name, "100")) if streamed else models.generate_content(name, "100")
    except tunedmodels.InvalidArgument as raised:
        message = raised.message
    if not message and api.get(f"v1beta/{name}").ok()["state"] != "CREATING":
        pytest.skip("the run was too quick to be seen before its end")

    assert message == f"Tuned model {name} is not ready to use."


# -- Base models -----------------------------------------------------------------------------------------------


@clause("client/base-models", "models.get", "models.list", needs=[Need.TUNABLE_MODEL])
def test_base_models(client: Client, target: Target) -> None:
    """The client gets and lists a base model with the same values and finds it among the tunable ones. Observed
    in 2024.
    """
    model = client.models.get(target.base_model)

    assert model.name == target.base_model
    assert model in list(client.models.list(page_size=5))
    assert model in client.models.tunable()


# -- Credentials -----------------------------------------------------------------------------------------------


@clause("client/unknown-key", LIST, outcome=INVALID, cost=Cost.FREE, needs=[Need.CREDENTIALS_JUDGED])
def test_unknown_key(target: Target) -> None:
    """An unknown API key is not valid, with a fixed message. Observed."""
    with (
        tunedmodels.Client(target.base_url, api_key="no-key-of-anybody", session=target.session) as client,
        pytest.raises(tunedmodels.InvalidArgument) as raised,
    ):
        list(client.tuned_models.list())
    assert raised.value.message == "API key not valid. Please pass a valid API key."


@clause(
    "client/keys-where-oauth-is-needed",
    f"{PERMISSIONS}list",
    outcome="401 UNAUTHENTICATED",
    cost=Cost.TUNING,
    needs=[Need.CREDENTIALS_JUDGED],
)
def test_keys_where_oauth_is_needed(key_api: Api, target: Target, finished_run: ObservedRun) -> None:
    """The methods for permissions refuse API keys, with a fixed message. Observed in 2025."""
    assert key_api is not None
    with (
        tunedmodels.Client(target.base_url, credentials=target.key, session=target.session) as client,
        pytest.raises(tunedmodels.Unauthenticated) as raised,
    ):
        list(client.tuned_models.permissions(finished_run.name).list())
    assert raised.value.message.startswith("API keys are not supported by this API.")
