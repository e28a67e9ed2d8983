"""Tests creates of tuned models: ids, sources, hyperparameters, defaults and checks."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tunedmodels_mockserver import Settings, create_app
from tunedmodels_mockserver.core.clock import ManualClock

from ...conftest import api_error, ok

BISON = "models/text-bison-001"
PRO = "models/gemini-1.0-pro-001"
FLASH = "models/gemini-1.5-flash-001-tuning"

ALICE = {"Authorization": "Bearer alice@example.com"}


def rows(count: int) -> dict[str, Any]:
    pairs = [{"textInput": str(number), "output": str(number + 1)} for number in range(count)]
    return {"examples": {"examples": pairs}}


def body(count: int = 5, hyperparameters: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    """Return a request with *count* examples; a member that is None is omitted."""
    task: dict[str, Any] = {"trainingData": rows(count)}
    if hyperparameters is not None:
        task["hyperparameters"] = hyperparameters
    whole = {"displayName": "model", "baseModel": FLASH, "tuningTask": task, **members}
    return {name: member for name, member in whole.items() if member is not None}


def post(
    http: FlaskClient,
    model: dict[str, Any],
    model_id: str | None = None,
    version: str = "v1beta",
    caller: dict[str, str] | None = None,
) -> TestResponse:
    query = {} if model_id is None else {"tunedModelId": model_id}
    return http.post(f"/{version}/tunedModels", json=model, query_string=query, headers=caller)


def tuned(http: FlaskClient, model: dict[str, Any], model_id: str | None = None, version: str = "v1beta") -> Any:
    """Create a model, and return it as a GET shows it."""
    operation = ok(post(http, model, model_id, version))
    return ok(http.get(f"/{version}/{operation['metadata']['tunedModel']}"))


def test_workflow_of_the_tutorial(http: FlaskClient, clock: ManualClock) -> None:
    """Create a model, get it CREATING, poll until done, get it ACTIVE, generate a number, delete it."""
    pairs = [("1", "2"), ("three", "four"), ("ninety nine", "one hundred")]
    data = {"examples": {"examples": [{"text_input": one, "output": two} for one, two in pairs]}}
    model = {"display_name": "number generator", "base_model": PRO, "tuning_task": {"training_data": data}}
    operation = ok(post(http, model))
    name = operation["metadata"]["tunedModel"]
    assert ok(http.get(f"/v1beta/{name}"))["state"] == "CREATING"
    ask = {"contents": [{"parts": [{"text": "LXIII"}]}]}
    early = http.post(f"/v1beta/{name}:generateContent", json=ask)
    assert api_error(early) == ("INVALID_ARGUMENT", f"Tuned model {name} is not ready to use.")

    percents = []
    while not operation.get("done"):
        clock.advance(5)
        operation = ok(http.get(f"/v1/{operation['name']}"))
        percents.append(operation["metadata"].get("completedPercent", 0))
    assert percents == sorted(percents)
    assert percents[-1] == 100

    assert operation["response"]["state"] == ok(http.get(f"/v1beta/{name}"))["state"] == "ACTIVE"
    answer = ok(http.post(f"/v1beta/{name}:generateContent", json=ask))
    assert answer["candidates"][0]["content"]["parts"] == [{"text": "LXIV"}]

    assert ok(http.delete(f"/v1beta/{name}")) == {}
    missing = ("NOT_FOUND", f"Tuned model {name} does not exist.")
    assert api_error(http.get(f"/v1beta/{name}")) == missing
    assert api_error(http.post(f"/v1beta/{name}:generateContent", json=ask)) == missing


def test_new_model_can_be_read_and_listed_at_once(http: FlaskClient) -> None:
    """The model exists, CREATING, before the clock moves."""
    name = ok(post(http, body()))["metadata"]["tunedModel"]

    model = ok(http.get(f"/v1beta/{name}"))
    assert model["state"] == "CREATING"
    assert model["createTime"] == model["updateTime"]
    assert ok(http.get("/v1beta/tunedModels")) == {"tunedModels": [model]}


@pytest.mark.parametrize("model_id", ["a", "a1", "generate-num-8122", "a" * 40])
def test_requested_id_is_used(http: FlaskClient, model_id: str) -> None:
    """The name has the caller's id; the display name is independent of it, and may be empty."""
    assert "displayName" not in tuned(http, body(displayName=None), model_id)
    ok(http.delete(f"/v1beta/tunedModels/{model_id}"))
    ok(http.post(f"/v1beta/tunedModels?tuned_model_id={model_id}", json=body(displayName="Yours")))

    assert ok(http.get(f"/v1beta/tunedModels/{model_id}"))["displayName"] == "Yours"


@pytest.mark.parametrize("model_id", ["A", "1a", "a-", "-a", "a_b", "a.b", "ä", "a" * 41, "a\n"])
def test_invalid_id_is_refused(http: FlaskClient, model_id: str) -> None:
    """An id must match the documented rule (the wording is invented)."""
    rule = "[a-z]([a-z0-9-]{0,38}[a-z0-9])?"
    text = f"* CreateTunedModelRequest.tuned_model_id: tuned_model_id must match the regular expression `{rule}`\n"

    assert api_error(post(http, body(), model_id)) == ("INVALID_ARGUMENT", text)


def test_display_names_may_repeat(http: FlaskClient) -> None:
    """Two models of one display name have two ids and two operations."""
    first, second = ok(post(http, body())), ok(post(http, body()))

    assert first["metadata"]["tunedModel"] != second["metadata"]["tunedModel"]
    assert first["name"].rpartition("/")[2] != second["name"].rpartition("/")[2]


@pytest.mark.parametrize("model_id", [None, ""])
@pytest.mark.parametrize("display_name", [None, ""])
def test_a_model_needs_an_id_or_a_name(http: FlaskClient, model_id: str | None, display_name: str | None) -> None:
    """Without both, or with empty ones, the call is refused in the observed words."""
    answer = post(http, body(displayName=display_name), model_id)

    assert api_error(answer) == ("INVALID_ARGUMENT", "Either tuned_model_id or display_name must be set.")


def test_ids_are_shared_by_all_callers(http: FlaskClient) -> None:
    """The caller's own id "already exists"; another caller's is "forbidden", named by the bare id (observed)."""
    assert post(http, body(), "taken", caller=ALICE).status_code == 200

    own, other = post(http, body(), "taken", caller=ALICE), post(http, body(), "taken")
    assert api_error(own) == ("ALREADY_EXISTS", "Tuned model tunedModels/taken already exists.")
    assert api_error(other) == ("PERMISSION_DENIED", "You do not have permission to access tuned model taken.")
    assert len(ok(http.get("/v1beta/tunedModels", headers=ALICE))["tunedModels"]) == 1

    http.delete("/v1beta/tunedModels/taken", headers=ALICE)
    assert post(http, body(), "taken").status_code == 200


@pytest.mark.parametrize(
    ("base", "sampling"),
    [
        (BISON, (0.7, 0.95, 40)),
        (PRO, (0.9, 1, 0)),
        (FLASH, (1, 0.95, 64)),
    ],
)
def test_sampling_values_come_from_the_base_model(
    http: FlaskClient, base: str, sampling: tuple[float, float, int]
) -> None:
    """A value that the caller does not set is that of the base model (observed for these three)."""
    model = tuned(http, body(baseModel=base))

    assert model["baseModel"] == base
    assert (model["temperature"], model["topP"], model["topK"]) == sampling


def test_given_members_are_shown(http: FlaskClient) -> None:
    """Sampling values, zeros included, description and reader projects come back as sent."""
    members: dict[str, Any] = {
        "description": "d",
        "temperature": 0,
        "topP": 0.5,
        "topK": 0,
        "readerProjectNumbers": ["12", 34],
    }

    model = tuned(http, body(**members))
    assert {name: model[name] for name in members} == {**members, "readerProjectNumbers": ["12", "34"]}


def test_output_only_members_are_ignored(http: FlaskClient) -> None:
    """Name, state and times in a create call change nothing, and training data is never shown."""
    task = {"trainingData": rows(5), "startTime": "2020-01-01T00:00:00Z", "snapshots": [{"step": 9}]}
    request = body(name="tunedModels/x", state="ACTIVE", createTime="2020-01-01T00:00:00Z", tuningTask=task)

    model = tuned(http, request)
    assert model["name"].startswith("tunedModels/model-")
    assert model["state"] == "CREATING"
    assert model["createTime"].startswith("2024")
    assert model["tuningTask"] == {"hyperparameters": {"epochCount": 5, "batchSize": 4, "learningRate": 0.001}}


@pytest.mark.parametrize(
    "base", ["models/gemini-2.5-flash", "models/gemini-1.5-flash", "models/aqa", "models/gemini-2.5", "x"]
)
def test_other_base_models_cannot_be_tuned(http: FlaskClient, base: str) -> None:
    """A base model that is unknown or not tunable is a failed precondition (observed)."""
    for version in ("v1beta", "v1beta3"):
        text = f"{base} is not found for CREATE TUNED MODEL at API version {version}."
        assert api_error(post(http, body(baseModel=base), version=version)) == ("FAILED_PRECONDITION", text)


def further(source: str, **members: Any) -> dict[str, Any]:
    """Return a request to tune *source* further, as google-generativeai sends it."""
    return body(baseModel=None, tunedModelSource={"tunedModel": source, "baseModel": "models/x"}, **members)


def test_tuned_model_can_be_the_source(http: FlaskClient, clock: ManualClock) -> None:
    """The source replaces the base model, which the service fills in (observed in 2023)."""
    post(http, body(baseModel=BISON), "first")
    clock.advance(60)

    model = tuned(http, further("tunedModels/first"), "second")
    assert model["tunedModelSource"] == {"tunedModel": "tunedModels/first", "baseModel": BISON}
    assert "baseModel" not in model
    assert list(model)[:3] == ["name", "tunedModelSource", "displayName"]
    assert (model["temperature"], model["topP"], model["topK"]) == (0.7, 0.95, 40)


def test_invalid_source_is_refused(http: FlaskClient, clock: ManualClock) -> None:
    """A source must exist, be readable, be ACTIVE, and not be of 1.5-flash."""
    post(http, body(), "flash")
    post(http, body(), "hers", caller=ALICE)
    clock.advance(60)
    post(http, body(baseModel=PRO), "young")

    refusals = {
        source: api_error(post(http, further(f"tunedModels/{source}"))) for source in ("none", "hers", "young", "flash")
    }
    assert refusals == {
        "none": ("NOT_FOUND", "Tuned model tunedModels/none does not exist."),
        "hers": ("PERMISSION_DENIED", "You do not have permission to access tuned model tunedModels/hers."),
        "young": ("INVALID_ARGUMENT", "Tuned model tunedModels/young is not ready to use."),
        "flash": ("INVALID_ARGUMENT", "Request contains an invalid argument."),
    }


@pytest.mark.parametrize(
    ("version", "count", "expected"),
    [
        ("v1beta", 5, (5, 4, 0.001)),
        ("v1beta", 499, (5, 4, 0.001)),
        ("v1beta", 500, (5, 16, 0.0002)),
        ("v1alpha", 5, (5, 4, 0.001)),
        ("v1beta3", 499, (10, 16, 0.002)),
        ("v1beta3", 500, (10, 64, 0.0002)),
    ],
)
def test_default_hyperparameters(http: FlaskClient, version: str, count: int, expected: tuple[int, int, float]) -> None:
    """The documented defaults of each version; the number of examples that divides them is invented."""
    choices: tuple[dict[str, Any] | None, ...] = (None, {})
    for hyperparameters in choices:
        model = tuned(http, body(count, hyperparameters), version=version)
        assert tuple(model["tuningTask"]["hyperparameters"].values()) == expected


def test_given_hyperparameters_come_back(http: FlaskClient) -> None:
    """Each is stored independently; a missing one has its default. Both spellings are read."""
    some = tuned(http, body(hyperparameters={"epoch_count": 100}))["tuningTask"]["hyperparameters"]
    every = {"epochCount": 3, "batchSize": 2, "learningRate": 0.02}

    assert some == {"epochCount": 100, "batchSize": 4, "learningRate": 0.001}
    assert tuned(http, body(hyperparameters=every))["tuningTask"]["hyperparameters"] == every


@pytest.mark.parametrize(
    ("count", "multiplier", "rate"),
    [(5, 1, 0.001), (5, 2.5, 0.0025), (500, 0.5, 0.0001), (5, 1e-40, 1e-43), (5, 1e-44, 1e-45)],
)
def test_multiplier_becomes_a_rate(http: FlaskClient, count: int, multiplier: float, rate: float) -> None:
    """The answer has multiplier x recommended rate and no multiplier (invented); the rate stays above zero."""
    hyperparameters = tuned(http, body(count, {"learningRateMultiplier": multiplier}))["tuningTask"]["hyperparameters"]

    assert 0 < hyperparameters["learningRate"] == pytest.approx(rate, rel=0.02)
    assert "learningRateMultiplier" not in hyperparameters


HYPERPARAMETERS = "tuned_model.tuning_task.hyperparameters"


@pytest.mark.parametrize(
    ("members", "second"),
    [
        ('"learningRate": 0.1, "learningRateMultiplier": 2', "learningRateMultiplier"),
        ('"learningRateMultiplier": 2, "learningRate": 0.1', "learningRate"),
        ('"learning_rate": 0.1, "learning_rate_multiplier": 2', "learning_rate_multiplier"),
        ('"learning_rate": 0.1, "learningRate": 0.1', "learningRate"),
    ],
)
def test_only_one_learning_rate(http: FlaskClient, members: str, second: str) -> None:
    """Rate and multiplier are one oneof; the error names the second as it was sent."""
    text = f'{{"displayName": "x", "tuningTask": {{"hyperparameters": {{{members}}}}}}}'
    answer = http.post("/v1beta/tunedModels", data=text)

    assert api_error(answer) == (
        "INVALID_ARGUMENT",
        f"Invalid value at '{HYPERPARAMETERS}' (oneof), oneof field 'learning_rate_option' is already set. "
        f"Cannot set '{second}'",
    )


@pytest.mark.parametrize(
    ("count", "epochs", "batch", "steps"),
    [
        (15, 5, 2, 38),
        (25, 10, 16, 16),
        (3, 1, 16, 1),
    ],
)
def test_steps_and_epochs(
    http: FlaskClient, clock: ManualClock, count: int, epochs: int, batch: int, steps: int
) -> None:
    """totalSteps is that of recorded runs; there is a snapshot a step, and its epoch counts the examples seen."""
    operation = ok(post(http, body(count, {"epochCount": epochs, "batchSize": batch})))
    assert operation["metadata"]["totalSteps"] == steps

    clock.advance(60)
    snapshots = ok(http.get(f"/v1/{operation['name']}"))["metadata"]["snapshots"]
    assert [snapshot["step"] for snapshot in snapshots] == list(range(1, steps + 1))
    assert [snapshot.get("epoch", 0) for snapshot in snapshots] == [
        step * batch // count for step in range(1, steps + 1)
    ]
    # With more data than a batch takes, as in every recorded run, the last step ends the last epoch.
    assert snapshots[-1]["epoch"] == epochs or batch > count


DATA = "tuned_model.tuning_task.training_data"


def row(**members: Any) -> dict[str, Any]:
    data = {"examples": {"examples": [{"textInput": "1", "output": "2"}, members]}}
    return {"tuningTask": {"trainingData": data}}


def finding(path: str, text: str) -> str:
    return f"* CreateTunedModelRequest.{path}: {text}\n"


def positive(name: str) -> str:
    return finding(f"{HYPERPARAMETERS}.{name}", f"{name} must be greater than 0")


TOO_MANY_STEPS = "epoch_count x examples / batch_size must not exceed 100000 steps, got 100001"


@pytest.mark.parametrize(
    ("request_body", "message"),
    [
        (body(displayName="x" * 41), "Request contains an invalid argument."),
        *(
            (
                body(baseModel=base),
                finding(
                    "tuned_model.source_model", "required oneof field 'source_model' must have one initialized field"
                ),
            )
            for base in (None, "")
        ),
        (
            body(baseModel=None, tunedModelSource={}),
            finding("tuned_model.tuned_model_source.tuned_model", "tuned_model is not specified"),
        ),
        (
            body(tunedModelSource={"tunedModel": "tunedModels/a"}),
            "Invalid value at 'tuned_model' (oneof), oneof field 'source_model' is already set. "
            "Cannot set 'tunedModelSource'",
        ),
        (body(0), finding(f"{DATA}.examples.examples", "examples is not specified")),
        (
            body(**row(output="2")),
            finding(
                f"{DATA}.examples.examples[1].model_input",
                "required oneof field 'model_input' must have one initialized field",
            ),
        ),
        (body(**row(textInput="1")), finding(f"{DATA}.examples.examples[1].output", "output is not specified")),
        (
            body(**row(textInput="x" * 40_001, output="2")),
            finding(
                f"{DATA}.examples.examples[1].text_input",
                "text_input must have at most 40000 characters, got 40001",
            ),
        ),
        (
            body(**row(textInput="1", output="語" * 5_001)),
            finding(f"{DATA}.examples.examples[1].output", "output must have at most 5000 characters, got 5001"),
        ),
        (body(hyperparameters={"epochCount": 0}), positive("epoch_count")),
        (body(hyperparameters={"batchSize": 0}), positive("batch_size")),
        (body(hyperparameters={"learningRate": 0}), positive("learning_rate")),
        (body(hyperparameters={"learningRate": "NaN"}), positive("learning_rate")),
        (body(hyperparameters={"learningRateMultiplier": -1}), positive("learning_rate_multiplier")),
        (
            body(1, {"epochCount": 100_001, "batchSize": 1}),
            finding(f"{HYPERPARAMETERS}.epoch_count", TOO_MANY_STEPS),
        ),
        (
            body(temperature=1.01),
            finding("tuned_model.temperature", "temperature must be in the range [0.0, 1.0]"),
        ),
        (
            body(temperature=-0.1),
            finding("tuned_model.temperature", "temperature must be in the range [0.0, 1.0]"),
        ),
        (body(topP="NaN"), finding("tuned_model.top_p", "top_p must be in the range [0.0, 1.0]")),
        (body(topK=-1), finding("tuned_model.top_k", "top_k must not be negative")),
    ],
    ids=lambda value: value.strip()[-50:] if isinstance(value, str) else "",
)
def test_refused_requests(http: FlaskClient, request_body: dict[str, Any], message: str) -> None:
    """The service refuses these requests, and creates no model."""
    assert api_error(post(http, request_body)) == ("INVALID_ARGUMENT", message)
    assert ok(http.get("/v1beta/tunedModels")) == {}


@pytest.mark.parametrize("source", ["a", "models/a", "tunedmodels/a", "/tunedModels/a"])
def test_source_needs_its_resource_name(http: FlaskClient, source: str) -> None:
    """A bare id is refused, even if such a model exists."""
    ok(post(http, body(), "a"))
    answer = post(http, body(baseModel=None, tunedModelSource={"tunedModel": source}))

    text = finding("tuned_model.tuned_model_source.tuned_model", "unexpected model name format")
    assert api_error(answer) == ("INVALID_ARGUMENT", text)


@pytest.mark.parametrize(
    ("display_name", "pattern"), [("Number Generator 100", "number-generator-100-[a-z0-9]{12}"), (" ", "m[a-z0-9]{11}")]
)
def test_generated_id_is_a_valid_request_id(http: FlaskClient, display_name: str, pattern: str) -> None:
    """It begins with the display name or with a letter, so that the service accepts its own ids."""
    name = tuned(http, body(displayName=display_name))["name"]
    assert re.fullmatch(f"tunedModels/{pattern}", name)

    ok(http.delete(f"/v1beta/{name}"))
    assert tuned(http, body(), name.partition("/")[2])["name"] == name


def test_limits_are_inclusive(http: FlaskClient) -> None:
    """Names of 40 bytes, texts of 40,000 and 5,000 characters and values at the ends of ranges are accepted."""
    at_the_limit = row(textInput="語" * 40_000, output="語" * 5_000)
    names = ("x" * 40, "語" * 13)

    assert all(post(http, body(displayName=name)).status_code == 200 for name in names)
    assert post(http, body(**at_the_limit, temperature=1, topP=0)).status_code == 200
    assert post(http, body(1, {"epochCount": 100_000, "batchSize": 1})).status_code == 200


def test_multiturn_examples_are_not_implemented(http: FlaskClient) -> None:
    """v1alpha knows examples of several turns; the server answers 501."""
    data = {"examples": {"multiturnExamples": [{"contents": [{"parts": [{"text": "1"}], "role": "user"}]}]}}
    answer = post(http, body(tuningTask={"trainingData": data}), version="v1alpha")

    assert api_error(answer) == ("UNIMPLEMENTED", "Tuning with multiturn_examples is not implemented.")


@pytest.mark.parametrize("task", [None, {}, {"hyperparameters": {"epochCount": 5, "batchSize": 4}}])
def test_dropped_training_data_counts_as_twenty_examples(
    http: FlaskClient, strict_http: FlaskClient, task: dict[str, Any] | None
) -> None:
    """Clients that drop the data get a run and a note; --strict refuses as the service does."""
    answer = post(http, body(tuningTask=task))
    assert ok(answer)["metadata"]["totalSteps"] == 25
    assert answer.headers["X-Tunedmodels-Note"].startswith("no-training-data: ")

    missing = "tuned_model.tuning_task" if task is None else DATA
    text = finding(missing, f"{missing.rpartition('.')[2]} is not specified")
    assert api_error(post(strict_http, body(tuningTask=task))) == ("INVALID_ARGUMENT", text)


@pytest.mark.parametrize(
    ("version", "package"),
    [("v1beta", "v1beta"), ("v1alpha", "v1alpha"), ("v1beta3", "v1beta3"), ("v1", "v1beta")],
)
def test_types_are_of_the_creating_version(http: FlaskClient, version: str, package: str) -> None:
    """The metadata's type has the package of the create call's version; v1, an allowance, means v1beta."""
    metadata = ok(post(http, body(), version=version))["metadata"]

    assert metadata["@type"] == f"type.googleapis.com/google.ai.generativelanguage.{package}.CreateTunedModelMetadata"


def test_a_seed_repeats_a_run(clock: ManualClock) -> None:
    """Two servers with one seed give the same answers, byte for byte; another seed gives others."""

    def answers(seed: int) -> list[str]:
        own = ManualClock(clock.now())
        http = create_app(Settings(seed=seed), own.now).test_client()
        operation = post(http, body())
        own.advance(60)
        return [operation.text, http.get("/v1beta/tunedModels").text]

    assert answers(1) == answers(1)
    assert answers(1)[0] != answers(2)[0]
