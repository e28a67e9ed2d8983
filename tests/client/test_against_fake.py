"""The client works against the mock server over a socket: every method, the tuning tutorial and refusals."""

from __future__ import annotations

import functools
import inspect
import io
import sys
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

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
    Models,
    NotFound,
    Operation,
    OperationFailed,
    Operations,
    OperationTimeout,
    Part,
    PermissionDenied,
    Permissions,
    Role,
    Timestamp,
    TunedModel,
    TunedModels,
    TunedModelState,
)
from tunedmodels_contracts.plugin import Server

BASE = "models/gemini-1.0-pro-001"
PAIRS = [("1", "2"), ("3", "4"), ("-3", "-2"), ("twenty two", "twenty three"), ("seven", "eight")]

Person = Callable[[str], Client]
Test = TypeVar("Test", bound=Callable[..., None])

METHODS = {
    f"{part.__name__}.{name}": part
    for part in (Models, Operation, Operations, Permissions, TunedModels)
    for name, method in vars(part).items()
    if inspect.isfunction(method) and not name.startswith("_")
}
"""The methods that users of a client call, such as ``TunedModels.create``, and their classes."""


def calls(*methods: str) -> Callable[[Test], Test]:
    """Declare the public methods that a test calls."""

    def mark(test: Test) -> Test:
        test.calls = frozenset(methods)  # type: ignore[attr-defined]
        return test

    return mark


@pytest.fixture(autouse=True)
def _checks_declared_calls(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test that does not call the methods that it declares."""
    calls: set[str] = set()

    def record_calls(path: str, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def call(*args: Any, **kwargs: Any) -> Any:
            calls.add(path)
            return method(*args, **kwargs)

        return call

    for path, part in METHODS.items():
        name = path.rpartition(".")[2]
        monkeypatch.setattr(part, name, record_calls(path, vars(part)[name]))
    yield
    assert getattr(request.function, "calls", frozenset()) <= calls


def tune(client: Client, **more: Any) -> Operation:
    return client.tuned_models.create(
        base_model=BASE, training_data=PAIRS, epoch_count=4, batch_size=2, learning_rate=0.001, **more
    )


@pytest.fixture
def person(tunedmodels_server: Server) -> Iterator[Person]:
    """Make clients of users with OAuth tokens, in one world of this test."""
    world = f"test-{uuid.uuid4().hex}"
    with ExitStack() as stack:

        def client_of(name: str) -> Client:
            credentials: Any = google.oauth2.credentials.Credentials(f"{world}/{name}@example.com")
            return stack.enter_context(Client(tunedmodels_server.url, credentials=credentials))

        yield client_of


def test_every_method_is_called() -> None:
    """The tests of this module call every public method of a client."""
    tests = vars(sys.modules[__name__]).values()

    assert {method for test in tests for method in getattr(test, "calls", ())} == METHODS.keys()


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
    """The client creates, watches, uses, lists and deletes a model, as the published tutorial does."""
    models = tunedmodels_client.tuned_models
    operation = tune(tunedmodels_client, display_name="number generator", description="counts")
    name = operation.metadata.tuned_model
    assert operation.metadata == CreateTunedModelMetadata(total_steps=10, tuned_model=name)
    assert models.get(name).state is TunedModelState.CREATING

    progress = [(item.completed_percent, item.snapshots[-1].step) for item in operation.progress(timeout=30)]
    assert progress == sorted(progress)
    assert progress[-1] == (100.0, 10)

    model = operation.result(timeout=30)
    assert operation.done()
    assert operation.exception() is None
    assert not operation.cancelled()
    assert model == models.get(name)
    assert (model.state, model.display_name, model.base_model) == ("ACTIVE", "number generator", BASE)
    assert model.tuning_task.hyperparameters.learning_rate == 0.001
    assert [models.generate_content(name, prompt).text for prompt in ("LXIII", "六")] == ["LXIV", "七"]
    assert [item.name for item in models.list()] == [name]

    models.delete(name)
    with pytest.raises(NotFound, match="does not exist"):
        models.get(name)


@calls("TunedModels.create", "Operation.result")
def test_client_reads_every_member_of_a_model(tunedmodels_client: Client) -> None:
    """The client knows all members of a model; its times have nanoseconds, and its steps are in order."""
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
    """The progress bar ends at the last step, and the plot has every step."""
    operation = tune(tunedmodels_client, tuned_model_id="bar")
    screen = io.StringIO()
    model = operation.wait_bar(timeout=30, file=screen)
    figure = import_module("matplotlib.figure").Figure()
    (line,) = operation.plot(figure.add_subplot()).get_lines()
    data: Any = line.get_xydata()

    assert model.state == "ACTIVE"
    assert "10/10" in screen.getvalue()
    assert data.tolist() == [[step.step, step.mean_loss] for step in model.tuning_task.snapshots]


@calls("TunedModels.create", "Operation.cancel", "Operation.cancelled", "Operation.exception", "Operation.result")
def test_cancel(tunedmodels_client: Client) -> None:
    """A cancelled operation ends with CANCELLED, its model remains, and a second cancel does nothing."""
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
    """result() raises a timeout before the end of the run, and can be called again."""
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
    """The client gets, lists and cancels operations by name."""
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
    """A list reads all pages in order of creation; a filter selects models, and a token continues the list."""
    for number in range(5):
        tune(tunedmodels_client, tuned_model_id=f"model-{number}", display_name=f"number {number}")
    models = tunedmodels_client.tuned_models
    pager = models.list(page_size=2)

    assert [model.name for model in pager] == [f"tunedModels/model-{n}" for n in range(5)]
    assert [len(page) for page in pager.pages] == [2, 2, 1]
    assert pager.next_page_token == ""
    assert [model.name for model in models.list(filter='"number 3"')] == ["tunedModels/model-3"]
    next(pager.pages)
    assert len(list(models.list(page_size=2, page_token=pager.next_page_token))) == 3


@calls("TunedModels.update", "TunedModels.get")
def test_update(tunedmodels_client: Client) -> None:
    """An update changes the model at the service, and returns all of its members."""
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
    """A tuned model can be tuned further; the service adds the base model."""
    models = tunedmodels_client.tuned_models
    first = tune(tunedmodels_client, tuned_model_id="first").result(timeout=30)
    model = models.create(source_model=first, training_data=PAIRS, tuned_model_id="second").result(timeout=30)

    assert model.source_model == "tunedModels/first"
    assert model.tuned_model_source is not None
    assert model.tuned_model_source.base_model == BASE
    assert models.generate_content(model, "1").text == "2"


@calls("TunedModels.create")
def test_training_data_from_a_file(tunedmodels_client: Client, tmp_path: Path) -> None:
    """The client reads a file, and warns of duplicate examples."""
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
    """The chunks of both forms of a stream have together the text of one answer."""
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
    """The client lists the base models over pages, and selects those that can be tuned."""
    models = tunedmodels_client.models
    base_models = list(models.list(page_size=2))

    assert models.get(BASE) in base_models
    assert models.tunable() == tuple(model for model in base_models if model.is_tunable)
    assert BASE in [model.name for model in models.tunable()]
    assert len(models.tunable()) < len(base_models)
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
    """The owner shares a model with a person and with everyone, and withdraws both permissions."""
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
    """After a transfer the former owner is a writer, who may not delete the model."""
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
    """Each refusal of the service is the error of its name, some with a hint."""
    models = tunedmodels_client.tuned_models
    tune(tunedmodels_client, tuned_model_id="taken")

    with pytest.raises(AlreadyExists) as conflict:
        tune(tunedmodels_client, tuned_model_id="taken")
    with pytest.raises(InvalidArgument, match="is not ready to use") as early:
        models.generate_content("taken", "1")
    with pytest.raises(InvalidArgument, match="is not ready to use"):
        models.stream_generate_content("taken", "1", events=False)
    with pytest.raises(InvalidArgument, match="Either tuned_model_id or display_name must be set"):
        tune(tunedmodels_client)
    with pytest.raises(FailedPrecondition, match="is not found for CREATE TUNED MODEL") as none:
        models.create(base_model="gemini-2.5-flash", training_data=PAIRS, display_name="none")

    assert conflict.value.request is not None
    assert conflict.value.request.method == "POST"
    assert conflict.value.response is not None
    assert conflict.value.response.status_code == 409
    assert "wait until its operation ends" in early.value.hint
    assert "no model that can be tuned" in none.value.hint


@calls("TunedModels.list")
def test_client_without_credentials(tunedmodels_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client of a local server needs no key, with the address in an argument or in the environment."""
    with Client(tunedmodels_client.base_url) as client:
        list(client.tuned_models.list())
    monkeypatch.setenv("TUNEDMODELS_EMULATOR_HOST", tunedmodels_client.base_url.removeprefix("http://"))
    with Client() as client:
        list(client.tuned_models.list())

        assert client.base_url == tunedmodels_client.base_url


@calls("TunedModels.list")
def test_real_looking_key_is_refused_by_the_server(tunedmodels_client: Client) -> None:
    """The client sends a real key of the caller to this machine, and the mock server refuses it."""
    with Client(tunedmodels_client.base_url, api_key="AIza" + "x" * 35) as client, pytest.raises(APIError):
        list(client.tuned_models.list())
