"""The client against the mock server, over a socket: every method, the whole tuning tutorial, and what it refuses."""

from __future__ import annotations

import io
import sys
import uuid
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import google.oauth2.credentials
import pytest

from tunedmodels import (
    AlreadyExists,
    APIError,
    Client,
    Content,
    CreateTunedModelMetadata,
    DuplicateExamplesWarning,
    FailedPrecondition,
    GenerationConfig,
    GranteeType,
    InvalidArgument,
    NotFound,
    Operation,
    OperationFailed,
    OperationTimeout,
    Part,
    PermissionDenied,
    Role,
    Timestamp,
    TunedModel,
    TunedModelState,
)
from tunedmodels_contracts.plugin import Server

from .conftest import called_by, calls, public_methods

pytestmark = pytest.mark.usefixtures("checks_calls_mark")

BASE = "models/gemini-1.0-pro-001"
PAIRS = [("1", "2"), ("3", "4"), ("-3", "-2"), ("twenty two", "twenty three"), ("seven", "eight")]

Person = Callable[[str], Client]


def tune(client: Client, **more: Any) -> Operation:
    return client.tuned_models.create(
        base_model=BASE, training_data=PAIRS, epoch_count=4, batch_size=2, learning_rate=0.001, **more
    )


@pytest.fixture
def person(tunedmodels_server: Server) -> Iterator[Person]:
    """Makes a client of somebody with an OAuth token; all of them share a world of this test alone."""
    world = f"test-{uuid.uuid4().hex}"
    made: list[Client] = []

    def client_of(name: str) -> Client:
        credentials: Any = google.oauth2.credentials.Credentials(f"{world}/{name}@example.com")
        made.append(Client(tunedmodels_server.url, credentials=credentials))
        return made[-1]

    yield client_of
    for client in made:
        client.close()


def test_every_method_is_called() -> None:
    """No public method of a client is left out by this module."""
    assert called_by(sys.modules[__name__]) == public_methods()


@calls(
    "TunedModels.create",
    "TunedModels.get",
    "TunedModels.list",
    "TunedModels.generate_content",
    "TunedModels.delete",
    "Operation.progress",
    "Operation.result",
    "Operation.done",
    "Operation.exception",
    "Operation.cancelled",
)
def test_tutorial(tunedmodels_client: Client) -> None:
    """Create, watch, ask, list and delete, as the published tutorial does."""
    models = tunedmodels_client.tuned_models
    operation = tune(tunedmodels_client, display_name="number generator", description="counts")
    name = operation.metadata.tuned_model
    assert operation.metadata == CreateTunedModelMetadata(total_steps=10, tuned_model=name)
    assert models.get(name).state is TunedModelState.CREATING

    seen = [(item.completed_percent, item.snapshots[-1].step) for item in operation.progress(timeout=30)]
    assert seen == sorted(seen)
    assert seen[-1] == (100.0, 10)

    model = operation.result(timeout=30)
    assert operation.done()
    assert operation.exception() is None
    assert not operation.cancelled()
    assert model == models.get(name)
    assert (model.state, model.display_name, model.base_model) == ("ACTIVE", "number generator", BASE)
    assert model.tuning_task.hyperparameters.learning_rate == 0.001
    assert [models.generate_content(name, prompt).text for prompt in ("LXIII", "六")] == ["LXIV", "七"]
    assert [listed.name for listed in models.list()] == [name]

    models.delete(name)
    with pytest.raises(NotFound, match="does not exist"):
        models.get(name)


@calls("TunedModels.create", "Operation.result")
def test_model_that_is_tuned_is_read_whole(tunedmodels_client: Client) -> None:
    """Nothing that the service says of a model is unknown, its times have nanoseconds, its steps are in order."""
    operation = tune(tunedmodels_client, tuned_model_id="whole", temperature=0.5, top_k=3)
    model = operation.result(timeout=30)
    task = model.tuning_task

    assert model.unknown == task.unknown == task.hyperparameters.unknown == operation.metadata.unknown == {}
    assert TunedModel.from_json(model.to_json()) == model
    assert (model.temperature, model.top_k) == (0.5, 3)
    assert [step.step for step in task.snapshots] == list(range(1, 11))
    assert operation.metadata.snapshots == task.snapshots
    times = [model.create_time, task.start_time, *(step.compute_time for step in task.snapshots), task.complete_time]
    assert all(isinstance(time, Timestamp) for time in times)
    assert times == sorted(times, key=lambda time: time or Timestamp(1, 1, 1))
    assert any(time.nanosecond % 1000 for time in times if time)


@calls("TunedModels.create", "Operation.wait_bar", "Operation.plot")
def test_bar_and_plot(tunedmodels_client: Client) -> None:
    """The bar ends at the last step, and the plot has every step."""
    operation = tune(tunedmodels_client, tuned_model_id="bar")
    shown = io.StringIO()
    model = operation.wait_bar(timeout=30, file=shown)
    figure = import_module("matplotlib.figure").Figure()
    (line,) = operation.plot(figure.add_subplot()).get_lines()
    data: Any = line.get_xydata()

    assert model.state == "ACTIVE"
    assert "10/10" in shown.getvalue()
    assert data.tolist() == [[step.step, step.mean_loss] for step in model.tuning_task.snapshots]


@calls("TunedModels.create", "Operation.cancel", "Operation.cancelled", "Operation.exception", "Operation.result")
def test_cancel(tunedmodels_client: Client) -> None:
    """A cancelled operation ends with CANCELLED, its model stays, and a second time there is nothing to cancel."""
    operation = tune(tunedmodels_client, tuned_model_id="stopped")
    assert operation.cancel()

    with pytest.raises(OperationFailed, match="cancelled") as caught:
        operation.result(timeout=30)

    assert (caught.value.status, caught.value.code) == ("CANCELLED", 1)
    assert operation.cancelled()
    assert not operation.cancel()
    assert str(operation.exception()) == str(caught.value)
    assert tunedmodels_client.tuned_models.get("stopped").name == "tunedModels/stopped"


@calls("TunedModels.create", "Operation.result")
def test_timeout(tunedmodels_client: Client) -> None:
    """Half a second of tuning is more than no time, and less than plenty."""
    operation = tune(tunedmodels_client, tuned_model_id="slow")
    with pytest.raises(OperationTimeout):
        operation.result(timeout=0)

    assert operation.result(timeout=30).state == "ACTIVE"


@calls(
    "Operations.get",
    "Operations.list",
    "Operations.cancel",
    "Operations.from_json",
    "Operation.exception",
    "Operation.to_json",
)
def test_operations(tunedmodels_client: Client) -> None:
    """An operation is found by its name, with its model and among all, and stopped by its name."""
    operations = tunedmodels_client.operations
    names = [tune(tunedmodels_client, tuned_model_id=name).name for name in ("one", "two")]

    assert operations.get(names[0]).metadata.tuned_model == "tunedModels/one"
    assert operations.from_json(operations.get(names[0]).to_json()).name == names[0]
    assert [operation.name for operation in operations.list("two")] == names[1:]
    assert sorted(operation.name for operation in operations.list(page_size=1)) == sorted(names)

    operations.cancel(names[0])
    failed = operations.get(names[0]).exception(timeout=30)
    assert failed is not None
    assert failed.status == "CANCELLED"


@calls("TunedModels.list")
def test_pages(tunedmodels_client: Client) -> None:
    """A list of several pages is one list, in order of creation; a filter picks from it, a token goes on."""
    for number in range(5):
        tune(tunedmodels_client, tuned_model_id=f"model-{number}", display_name=f"number {number}")
    models = tunedmodels_client.tuned_models
    listed = models.list(page_size=2)

    assert [model.name for model in listed] == [f"tunedModels/model-{n}" for n in range(5)]
    assert [len(page) for page in listed.pages] == [2, 2, 1]
    assert listed.next_page_token == ""
    assert [model.name for model in models.list(filter='"number 3"')] == ["tunedModels/model-3"]
    next(listed.pages)
    assert len(list(models.list(page_size=2, page_token=listed.next_page_token))) == 3


@calls("TunedModels.update", "TunedModels.get")
def test_update(tunedmodels_client: Client) -> None:
    """What is changed is changed at the service, and the model that comes back is the whole one."""
    models = tunedmodels_client.tuned_models
    tune(tunedmodels_client, tuned_model_id="m", display_name="old", description="counts").result(timeout=30)
    updated = models.update("m", display_name="new", temperature=0.0, reader_project_numbers=[2**40])

    assert updated == models.get("m")
    assert (updated.display_name, updated.description, updated.temperature) == ("new", "counts", 0.0)
    assert updated.reader_project_numbers == (2**40,)
    assert len(updated.tuning_task.snapshots) == 10
    assert models.update(updated, description="") == models.get("m")
    assert models.get("m").description == ""
    assert models.update(updated) == models.get("m")


@calls("TunedModels.create", "TunedModels.generate_content")
def test_tuning_further(tunedmodels_client: Client) -> None:
    """A tuned model can be tuned further; the service fills in the base model."""
    models = tunedmodels_client.tuned_models
    first = tune(tunedmodels_client, tuned_model_id="first").result(timeout=30)
    model = models.create(source_model=first, training_data=PAIRS, tuned_model_id="second").result(timeout=30)

    assert model.source_model == "tunedModels/first"
    assert model.tuned_model_source is not None
    assert model.tuned_model_source.base_model == BASE
    assert models.generate_content(model, "1").text == "2"


@calls("TunedModels.create")
def test_training_data_from_a_file(tunedmodels_client: Client, tmp_path: Path) -> None:
    """A file is read, and what comes twice in it is said."""
    path = tmp_path / "a.csv"
    path.write_text("question,answer\n1,2\n1,2\n3,4\n", encoding="utf-8")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DuplicateExamplesWarning)
        operation = tunedmodels_client.tuned_models.create(
            base_model=BASE,
            training_data=path,
            input_key="question",
            output_key="answer",
            tuned_model_id="file",
            epoch_count=2,
            batch_size=1,
            learning_rate_multiplier=0.5,
            reader_project_numbers=[7],
        )
    model = tunedmodels_client.tuned_models.get("file")

    assert operation.metadata.total_steps == 6
    assert [warning.category for warning in caught] == [DuplicateExamplesWarning]
    assert model.tuning_task.hyperparameters.learning_rate == 0.0005
    assert model.reader_project_numbers == (7,)


@calls("TunedModels.generate_content", "TunedModels.stream_generate_content")
def test_streams(tunedmodels_client: Client) -> None:
    """Both forms of a stream say together what one answer says."""
    models = tunedmodels_client.tuned_models
    tune(tunedmodels_client, tuned_model_id="m").result(timeout=30)
    question = Content(role="user", parts=(Part(text="one hundred twenty three"),))
    config = GenerationConfig(temperature=0.0, max_output_tokens=50)
    whole = models.generate_content("m", question, generation_config=config)

    assert whole.text == "one hundred twenty four"
    assert whole.candidates[0].finish_reason == "STOP"
    for events in (True, False):
        chunks = list(models.stream_generate_content("m", question, generation_config=config, events=events))
        assert "".join(chunk.text for chunk in chunks) == whole.text
        assert chunks[-1].candidates[0].finish_reason == "STOP"


@calls("Models.get", "Models.list", "Models.tunable")
def test_models(tunedmodels_client: Client) -> None:
    """The base models are listed over pages, and those that can be tuned are among them."""
    models = tunedmodels_client.models
    listed = list(models.list(page_size=2))

    assert models.get(BASE) in listed
    assert models.tunable() == tuple(model for model in listed if model.is_tunable)
    assert BASE in [model.name for model in models.tunable()]
    assert len(models.tunable()) < len(listed)
    with pytest.raises(NotFound):
        models.get("no-such-model")


@calls(
    "TunedModels.permissions",
    "Permissions.create",
    "Permissions.get",
    "Permissions.list",
    "Permissions.update",
    "Permissions.delete",
)
def test_permissions(person: Person) -> None:
    """A model is shared with a person, changed, shared with everyone, and kept again."""
    alice, bob = person("alice"), person("bob")
    tune(alice, tuned_model_id="shared").result(timeout=30)
    permissions = alice.tuned_models.permissions("shared")
    (owner,) = permissions.list()
    assert (owner.role, owner.email_address) == (Role.OWNER, "alice@example.com")
    with pytest.raises(PermissionDenied, match="permission to access tuned model") as caught:
        bob.tuned_models.get("shared")
    assert "the owner can share the model" in caught.value.hint

    granted = permissions.create("READER", "bob@example.com")
    assert (granted.grantee_type, granted.email_address) == (GranteeType.USER, "bob@example.com")
    assert bob.tuned_models.generate_content("shared", "1").text == "2"
    assert permissions.get(granted) == granted

    assert permissions.update(granted, Role.WRITER).role is Role.WRITER
    assert bob.tuned_models.update("shared", description="bob's words").description == "bob's words"
    assert [permission.role for permission in permissions.list(page_size=1)] == ["OWNER", "WRITER"]

    permissions.delete(granted)
    everyone = permissions.create("READER", grantee_type="EVERYONE")
    assert everyone.name == "tunedModels/shared/permissions/everyone"
    assert everyone.email_address is None
    assert bob.tuned_models.get("shared").name == "tunedModels/shared"

    permissions.delete("everyone")
    with pytest.raises(PermissionDenied):
        bob.tuned_models.get("shared")


@calls("TunedModels.transfer_ownership", "TunedModels.delete")
def test_transfer_ownership(person: Person) -> None:
    """The owner is another afterwards, and the old one a writer, who may not delete."""
    alice, bob = person("alice"), person("bob")
    tune(alice, tuned_model_id="handed-on").result(timeout=30)
    with pytest.raises(PermissionDenied):
        bob.tuned_models.transfer_ownership("handed-on", "bob@example.com")

    alice.tuned_models.transfer_ownership("handed-on", "bob@example.com")

    roles = {
        permission.email_address: permission.role for permission in bob.tuned_models.permissions("handed-on").list()
    }
    assert roles == {"bob@example.com": "OWNER", "alice@example.com": "WRITER"}
    with pytest.raises(PermissionDenied):
        alice.tuned_models.delete("handed-on")
    bob.tuned_models.delete("handed-on")


@calls("TunedModels.create", "TunedModels.generate_content")
def test_refusals(tunedmodels_client: Client) -> None:
    """The service's refusals arrive as the errors of their names, some with a hint."""
    models = tunedmodels_client.tuned_models
    tune(tunedmodels_client, tuned_model_id="taken")

    with pytest.raises(AlreadyExists) as taken:
        tune(tunedmodels_client, tuned_model_id="taken")
    with pytest.raises(InvalidArgument, match="is not ready to use") as early:
        models.generate_content("taken", "1")
    with pytest.raises(InvalidArgument, match="is not ready to use"):
        models.stream_generate_content("taken", "1", events=False)
    with pytest.raises(InvalidArgument, match="Either tuned_model_id or display_name must be set"):
        tune(tunedmodels_client)
    with pytest.raises(FailedPrecondition, match="is not found for CREATE TUNED MODEL") as none:
        models.create(base_model="gemini-2.5-flash", training_data=PAIRS, display_name="none")

    assert taken.value.request is not None
    assert taken.value.request.method == "POST"
    assert taken.value.response is not None
    assert taken.value.response.status_code == 409
    assert "wait until its operation ends" in early.value.hint
    assert "no model that can be tuned" in none.value.hint


@calls("TunedModels.list")
@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_a_world(tunedmodels_client: Client, turn: int) -> None:
    """What one test creates, another does not see."""
    assert list(tunedmodels_client.tuned_models.list()) == []
    tune(tunedmodels_client, tuned_model_id="mine", display_name=f"turn {turn}")


@calls("TunedModels.list")
def test_client_without_credentials(tunedmodels_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client of a local server needs no key and looks for none, however it is told of the server."""
    with Client(tunedmodels_client.base_url) as client:
        list(client.tuned_models.list())
    monkeypatch.setenv("TUNEDMODELS_EMULATOR_HOST", tunedmodels_client.base_url.removeprefix("http://"))
    with Client() as client:
        list(client.tuned_models.list())

        assert client.base_url == tunedmodels_client.base_url


@calls("TunedModels.list")
def test_real_looking_key_is_refused_by_the_server(tunedmodels_client: Client) -> None:
    """On this machine a real key is sent where the caller says so; the mock server does not want it."""
    with Client(tunedmodels_client.base_url, api_key="AIza" + "x" * 35) as client, pytest.raises(APIError):
        list(client.tuned_models.list())
