"""google-generativeai, the SDK of 2023 to 2025, works against the mock server with its REST transport.

Its operations client parses answers strictly as protos, so an unknown member of an operation is an error.

These tests leave out what only gRPC over TLS has: the default transport, everything asynchronous,
``list_operations`` and ``count_tokens`` of a tuned model (the client finds no REST binding for them).
"""

from __future__ import annotations

import csv
import json
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytestmark = [
    pytest.mark.clients,
    pytest.mark.filterwarnings(
        r"ignore:\s*All support for the `google.generativeai` package has ended:FutureWarning",
        "ignore::FutureWarning:google.api_core",
        "ignore:The argument `including_default_value_fields`:DeprecationWarning:proto",
    ),
]

BASE_MODEL = "models/gemini-1.0-pro-001"
EXAMPLES = [{"text_input": "1", "output": "2"}, {"text_input": "ping", "output": "pong"}]


def configured(url: str, **credentials: Any) -> ModuleType:
    """Return the library, configured as a user does; its settings are one for the process."""
    genai = import_module("google.generativeai")
    genai.configure(transport="rest", client_options={"api_endpoint": url}, **credentials)
    return genai


@pytest.fixture
def genai(polling_url: str, key: str) -> ModuleType:
    """The library, configured for the polling server."""
    return configured(polling_url, api_key=key)


@pytest.fixture
def operations() -> ModuleType:
    """The library's module of operations."""
    return import_module("google.generativeai.operations")


@pytest.fixture
def errors() -> ModuleType:
    """The library's exceptions."""
    return import_module("google.api_core.exceptions")


def finish(operation: Any) -> Any:
    """Poll an operation to its end without a pause, and return the tuned model."""
    for _ in range(20):
        if operation.done():
            return operation.result()
    raise AssertionError(f"never ends: {operation.metadata}")


def test_create_with_an_id_and_every_setting(genai: ModuleType) -> None:
    """The model has the id and all settings that create_tuned_model sends."""
    operation = genai.create_tuned_model(
        BASE_MODEL,
        EXAMPLES,
        id="counter",
        display_name="Counter",
        description="counts",
        temperature=0.5,
        top_p=0.75,
        top_k=3,
        epoch_count=3,
        batch_size=2,
        learning_rate=0.25,
    )
    model = genai.get_tuned_model("tunedModels/counter")

    assert operation.name.startswith("tunedModels/counter/operations/")
    assert operation.metadata.tuned_model == model.name == "tunedModels/counter"
    assert operation.metadata.total_steps == 3
    assert (model.display_name, model.description) == ("Counter", "counts")
    assert (model.temperature, model.top_p, model.top_k) == (0.5, 0.75, 3)
    assert (model.base_model, model.source_model) == (BASE_MODEL, BASE_MODEL)
    settings = model.tuning_task.hyperparameters
    assert (settings.epoch_count, settings.batch_size, settings.learning_rate) == (3, 2, 0.25)


def test_create_with_a_display_name(genai: ModuleType) -> None:
    """Without an id, the id is made of the display name, and the version's defaults are filled in."""
    operation = genai.create_tuned_model(BASE_MODEL, EXAMPLES, display_name="Number generator")

    name = operation.metadata.tuned_model
    settings = genai.get_tuned_model(name).tuning_task.hyperparameters

    assert name.startswith("tunedModels/number-generator-")
    assert (settings.epoch_count, settings.batch_size) == (5, 4)
    assert settings.learning_rate == pytest.approx(0.001)


def test_create_from_a_tuned_model(genai: ModuleType, tuned_model: str) -> None:
    """A tuned model can be tuned further, by name or as an object; the new model names both its sources."""
    genai.create_tuned_model(tuned_model, EXAMPLES, id="by-name")
    genai.create_tuned_model(genai.get_tuned_model(tuned_model), EXAMPLES, id="by-object")

    for name in ("tunedModels/by-name", "tunedModels/by-object"):
        model = genai.get_tuned_model(name)
        assert (model.source_model, model.base_model) == (tuned_model, BASE_MODEL)


def as_csv(folder: Path) -> Path:
    path = folder / "examples.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["text_input", "output"])
        writer.writeheader()
        writer.writerows(EXAMPLES)
    return path


def as_json(folder: Path) -> Path:
    path = folder / "examples.json"
    path.write_text(json.dumps(EXAMPLES))
    return path


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(lambda _: [("1", "2"), ("ping", "pong")], id="pairs"),
        pytest.param(lambda _: {"text_input": ["1", "ping"], "output": ["2", "pong"]}, id="columns"),
        pytest.param(as_csv, id="csv"),
        pytest.param(as_json, id="json"),
    ],
)
def test_create_takes_data_in_every_form(genai: ModuleType, tmp_path: Path, form: Any) -> None:
    """The model answers by its training data, in each form."""
    finish(genai.create_tuned_model(BASE_MODEL, form(tmp_path), id="counter"))

    assert genai.GenerativeModel("tunedModels/counter").generate_content("ping").text == "pong"


def test_metadata_grows_from_poll_to_poll(genai: ModuleType) -> None:
    """op.update and op.metadata show steps and snapshots, never fewer than before, up to all of them."""
    operation = genai.create_tuned_model(BASE_MODEL, EXAMPLES, id="counter", epoch_count=5, batch_size=2)
    answers = [operation.metadata]
    for _ in range(10):
        operation.update()
        answers.append(operation.metadata)

    steps = [metadata.completed_steps for metadata in answers]
    assert steps[0] == 0
    assert steps == sorted(steps)
    assert len(set(steps)) > 2
    assert steps[-1] == answers[-1].total_steps == 5
    assert answers[-1].completed_percent == 100
    assert [len(metadata.snapshots) for metadata in answers] == steps
    assert [snapshot.step for snapshot in answers[-1].snapshots] == [1, 2, 3, 4, 5]
    assert answers[-1].snapshots[-1].epoch == 5


def test_wait_bar_ends_with_the_model(genai: ModuleType) -> None:
    """op.wait_bar yields the progress until the end, after which the operation is done and has its result."""
    operation = genai.create_tuned_model(BASE_MODEL, EXAMPLES, id="counter")
    percents = [status.completed_percent for status in operation.wait_bar(disable=True)]

    model = operation.result()

    assert percents
    assert percents == sorted(percents)
    assert operation.done()
    assert (model.name, model.state.name) == ("tunedModels/counter", "ACTIVE")


def test_result_waits_for_the_end(url: str, key: str) -> None:
    """op.result polls at its own pace, in real time, and returns the tuned model with its snapshots."""
    genai = configured(url, api_key=key)
    operation = genai.create_tuned_model(BASE_MODEL, EXAMPLES, id="counter", epoch_count=3, batch_size=2)

    task = operation.result(timeout=20).tuning_task

    assert (task.complete_time - task.start_time).total_seconds() == 1
    assert [snapshot["step"] for snapshot in task.snapshots] == [1, 2, 3]


def test_get_operation_needs_only_the_name(genai: ModuleType, operations: ModuleType) -> None:
    """get_operation returns the operation of a name."""
    operation = genai.create_tuned_model(BASE_MODEL, EXAMPLES, id="counter")

    model = finish(operations.get_operation(operation.name))

    assert model.name == "tunedModels/counter"


def test_cancel_ends_the_run(genai: ModuleType, errors: ModuleType) -> None:
    """op.cancel ends the operation; its result is the exception Cancelled."""
    operation = genai.create_tuned_model(BASE_MODEL, EXAMPLES, id="counter")
    operation.cancel()

    assert operation.done()
    assert operation.cancelled()
    with pytest.raises(errors.Cancelled):
        operation.result()


def test_delete_operation_is_not_implemented(genai: ModuleType, operations: ModuleType, errors: ModuleType) -> None:
    """delete_operation raises MethodNotImplemented, as the library's own comment expects."""
    operation = genai.create_tuned_model(BASE_MODEL, EXAMPLES, id="counter")

    with pytest.raises(errors.MethodNotImplemented):
        operations.delete_operation(operation.name)


def test_get_model_reads_both_kinds(genai: ModuleType, tuned_model: str) -> None:
    """get_model reads tuned models and base models; list_models has the base models."""
    assert genai.get_model(tuned_model).display_name == "counter"
    assert "createTunedModel" in genai.get_model(BASE_MODEL).supported_generation_methods
    assert genai.get_model(BASE_MODEL) in list(genai.list_models())


def test_get_tuned_model_decodes_its_times(genai: ModuleType, tuned_model: str) -> None:
    """All times of a finished model are read, those of its snapshots too."""
    model = genai.get_tuned_model(tuned_model)

    task = model.tuning_task
    moments = [model.create_time, task.start_time, *(snapshot["compute_time"] for snapshot in task.snapshots)]
    assert len(moments) > 3
    assert moments == sorted(moments)
    assert model.update_time == task.complete_time > moments[-1]


def test_list_pages_through_tuned_models(genai: ModuleType) -> None:
    """list_tuned_models reads every page, in order of creation; without models it is empty."""
    assert list(genai.list_tuned_models()) == []
    for number in range(5):
        genai.create_tuned_model(BASE_MODEL, EXAMPLES, id=f"model-{number}")

    names = [model.name for model in genai.list_tuned_models(page_size=2)]

    assert names == [f"tunedModels/model-{number}" for number in range(5)]


def test_update_by_paths(genai: ModuleType, tuned_model: str) -> None:
    """update_tuned_model, which sends the whole model back, changes what its mask names and nothing else."""
    before = genai.get_tuned_model(tuned_model)
    answer = genai.update_tuned_model(tuned_model, {"description": "counts", "temperature": 0.25})

    after = genai.get_tuned_model(tuned_model)

    assert (answer.description, answer.temperature) == ("counts", 0.25)
    before.description, before.temperature = "counts", 0.25
    assert after == before


def test_update_by_proto(genai: ModuleType, tuned_model: str) -> None:
    """update_tuned_model with a changed proto sends only the changes."""
    client = import_module("google.generativeai.client").get_default_model_client()
    proto = client.get_tuned_model(name=tuned_model)
    proto.display_name = "renamed"
    genai.update_tuned_model(proto)

    assert genai.get_tuned_model(tuned_model).display_name == "renamed"


def test_delete_removes_the_model(genai: ModuleType, errors: ModuleType, tuned_model: str) -> None:
    """After delete_tuned_model the model is NotFound, with the service's sentence."""
    genai.delete_tuned_model(tuned_model)

    with pytest.raises(errors.NotFound) as caught:
        genai.get_tuned_model(tuned_model)
    assert caught.value.code == 404
    assert caught.value.message.endswith(f": Tuned model {tuned_model} does not exist.")


def test_permissions_from_creation_to_removal(genai: ModuleType, errors: ModuleType, tuned_model: str) -> None:
    """A permission can be created, listed, read, changed and deleted."""
    permissions = genai.get_tuned_model(tuned_model).permissions
    created = permissions.create(role="READER", grantee_type="USER", email_address="bob@example.com")
    grants = [(grant.role.name, grant.email_address) for grant in permissions.list(page_size=1)]
    # The client's update cannot take a role in lower case.
    created.update({"role": "WRITER"})
    changed = permissions.get(created.name)
    created.delete()

    assert grants == [("OWNER", "developer@example.com"), ("READER", "bob@example.com")]
    assert (changed.role.name, changed.grantee_type.name) == ("WRITER", "USER")
    with pytest.raises(errors.NotFound):
        permissions.get(created.name)


def test_share_with_everyone(genai: ModuleType, polling_url: str, key: str, tuned_model: str) -> None:
    """Another caller can read and use a model that is shared with everyone."""
    shared = genai.get_tuned_model(tuned_model).permissions.create(role="READER", grantee_type="EVERYONE")
    configured(polling_url, api_key=f"{key}/bob@example.com")

    assert shared.email_address is None
    assert genai.GenerativeModel(tuned_model).generate_content("1").text == "2"


def test_transfer_ownership(genai: ModuleType, errors: ModuleType, tuned_model: str) -> None:
    """After transfer_ownership the former owner may write, but not delete."""
    permissions = genai.get_tuned_model(tuned_model).permissions
    permissions.transfer_ownership("bob@example.com")

    roles = {permission.email_address: permission.role.name for permission in permissions.list()}
    assert roles == {"bob@example.com": "OWNER", "developer@example.com": "WRITER"}
    with pytest.raises(errors.Forbidden):
        genai.delete_tuned_model(tuned_model)


def test_generate_content_answers_whole(genai: ModuleType, tuned_model: str) -> None:
    """generate_content gives the text, the finish reason and the usage."""
    answer = genai.GenerativeModel(tuned_model).generate_content(
        "1", generation_config={"temperature": 0.0, "top_k": 3, "stop_sequences": []}, safety_settings=[]
    )

    assert answer.text == "2"
    assert answer.candidates[0].finish_reason.name == "STOP"
    assert answer.usage_metadata.total_token_count == 2


def test_generate_content_streams(genai: ModuleType, tuned_model: str) -> None:
    """A stream, which the client reads off a JSON array, gives the same text in chunks."""
    model = genai.GenerativeModel(tuned_model)
    whole = model.generate_content("What now?").text
    chunks = [chunk.text for chunk in model.generate_content("What now?", stream=True)]

    assert len(chunks) > 1
    assert "".join(chunks) == whole


def test_chat_answers_each_turn(genai: ModuleType, tuned_model: str) -> None:
    """A chat, which sends the whole conversation each time, gets an answer to its last turn."""
    chat = genai.GenerativeModel(tuned_model).start_chat()

    assert [chat.send_message(text).text for text in ("1", "3")] == ["2", "4"]


def test_generation_before_the_model_is_ready(genai: ModuleType, errors: ModuleType) -> None:
    """A model that is still being tuned is a BadRequest with the service's sentence."""
    genai.create_tuned_model(BASE_MODEL, EXAMPLES, id="counter")

    with pytest.raises(errors.BadRequest) as caught:
        genai.GenerativeModel("tunedModels/counter").generate_content("1")
    assert caught.value.message.endswith("Tuned model tunedModels/counter is not ready to use.")


def test_refused_stream_is_an_unknown_error(genai: ModuleType, errors: ModuleType) -> None:
    """A refused stream raises BadRequest without the sentence, because the client cannot read the array around it.

    The service sends that array too; the library replaces the message.
    """
    genai.create_tuned_model(BASE_MODEL, EXAMPLES, id="counter")

    with pytest.raises(errors.BadRequest, match="retry with `stream=False`"):
        genai.GenerativeModel("tunedModels/counter").generate_content("1", stream=True)


def test_another_caller_is_forbidden(
    genai: ModuleType, errors: ModuleType, polling_url: str, key: str, tuned_model: str
) -> None:
    """Another caller of the same world may not read the model: Forbidden."""
    configured(polling_url, api_key=f"{key}/mallory@example.com")

    with pytest.raises(errors.Forbidden) as caught:
        genai.get_tuned_model(tuned_model)
    assert caught.value.code == 403


def test_id_in_use_is_a_conflict(genai: ModuleType, errors: ModuleType, tuned_model: str) -> None:
    """An id that is already in use raises Conflict."""
    with pytest.raises(errors.Conflict):
        genai.create_tuned_model(BASE_MODEL, EXAMPLES, id=tuned_model.removeprefix("tunedModels/"))


def test_credentials_identify_the_caller(polling_url: str, key: str) -> None:
    """With credentials instead of a key the token's address owns the model."""
    from google.oauth2.credentials import Credentials

    genai = configured(polling_url, credentials=Credentials(token=f"{key}/alice@example.com"))
    finish(genai.create_tuned_model(BASE_MODEL, EXAMPLES, id="counter"))

    (owner,) = genai.get_tuned_model("tunedModels/counter").permissions.list()

    assert owner.email_address == "alice@example.com"


def test_endpoint_with_a_slash_at_its_end(polling_url: str, key: str, tuned_model: str) -> None:
    """An endpoint that ends in a slash, which doubles the path's first one, works."""
    genai = configured(f"{polling_url}/", api_key=key)

    assert genai.get_tuned_model(tuned_model).name == tuned_model
