"""These clauses check which requests start a run, what the answer contains, and which requests are refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tunedmodels_contracts.clauses.clause import Cost, Level, Need, clause
from tunedmodels_contracts.harness.answer import Answer
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.tuning_runs import EXAMPLES, ObservedRun, body
from tunedmodels_contracts.targets.target import Target

CREATE, GET = "tunedModels.create", "tunedModels.get"
INVALID = "400 INVALID_ARGUMENT"
METADATA = "type.googleapis.com/google.ai.generativelanguage.{}.CreateTunedModelMetadata"

Create = Callable[..., Answer]
NewId = Callable[[], str]


# -- The answer ------------------------------------------------------------------------------------------------


@clause("create/answers-with-an-operation", CREATE, cost=Cost.TUNING)
def test_answers_with_an_operation(create: Create) -> None:
    """The answer is an operation with a name and metadata: the type, the number of steps and the model, without
    progress. Observed from 2023 to 2024, the body to the byte.
    """
    operation = create().ok()

    assert list(operation) == ["name", "metadata"]
    assert list(operation["metadata"]) == ["@type", "totalSteps", "tunedModel"]


@clause("create/id-as-given", CREATE, cost=Cost.TUNING)
def test_id_as_given(create: Create, new_id: NewId) -> None:
    """A model has the id that the request gives it. Observed in 2024."""
    model_id = new_id()

    assert create(model_id=model_id).ok()["metadata"]["tunedModel"] == f"tunedModels/{model_id}"


@clause("create/id-of-forty-characters", CREATE, cost=Cost.TUNING)
def test_id_of_forty_characters(create: Create, new_id: NewId) -> None:
    """An id can have forty characters. Documented."""
    model_id = new_id().ljust(40, "0")

    assert create(model_id=model_id).ok()["metadata"]["tunedModel"] == f"tunedModels/{model_id}"


@clause("create/operation-id", CREATE, cost=Cost.TUNING)
def test_operation_id(create: Create) -> None:
    """The name of an operation is its model's name and an id of twelve letters and digits. Observed 2023 to 2024."""
    operation = create().ok()

    name = re.escape(operation["metadata"]["tunedModel"])
    assert re.fullmatch(f"{name}/operations/[a-z0-9]{{12}}", operation["name"])


@clause("create/type-of-the-metadata", CREATE, cost=Cost.TUNING)
def test_type_of_the_metadata(create: Create) -> None:
    """The type of the metadata names the API version of the create call. Observed in 2024."""
    assert create().ok()["metadata"]["@type"] == METADATA.format("v1beta")


@clause("create/type-of-the-metadata-in-v1beta3", CREATE, level=Level.OPTIONAL, cost=Cost.TUNING)
def test_type_of_the_metadata_in_v1beta3(create: Create) -> None:
    """A run that v1beta3 starts has metadata of v1beta3. Observed in 2023 only."""
    assert create(version="v1beta3").ok()["metadata"]["@type"] == METADATA.format("v1beta3")


@clause("create/type-of-the-metadata-in-v1alpha", CREATE, level=Level.RECOMMENDED, cost=Cost.TUNING)
def test_type_of_the_metadata_in_v1alpha(create: Create) -> None:
    """A run that v1alpha starts has metadata of v1alpha. Inferred from the other versions."""
    assert create(version="v1alpha").ok()["metadata"]["@type"] == METADATA.format("v1alpha")


@clause("create/total-steps", CREATE, cost=Cost.TUNING)
@pytest.mark.parametrize(
    ("examples", "epochs", "batch_size", "steps"),
    [
        (15, 5, 2, 38),
        (15, 5, 4, 19),
        (15, 3, 4, 12),
        (15, 3, 2, 23),
        (15, 50, 4, 188),
        (15, 100, 4, 375),
        (20, 20, 4, 100),
        (25, 10, 16, 16),
        (196, 20, 8, 490),
        (400, 2, 16, 50),
    ],
)
def test_total_steps(create: Create, examples: int, epochs: int, batch_size: int, steps: int) -> None:
    """The number of steps is ceil(examples x epochs / batch size). Observed in ten runs."""
    rows = (EXAMPLES * (examples // len(EXAMPLES) + 1))[:examples]
    created = create(examples=rows, hyperparameters={"epochCount": epochs, "batchSize": batch_size})

    assert created.ok()["metadata"]["totalSteps"] == steps


# -- Ids that the service chooses ------------------------------------------------------------------------------


@clause("create/id-from-the-display-name", CREATE, cost=Cost.TUNING)
@pytest.mark.parametrize(
    ("display_name", "slug"),
    [
        ("test_number_generator", "testnumbergenerator"),
        ("generate-num-8563", "generatenum8563"),
        ("liveqa-med-gemini-lintang-batch16", "liveqamedgeminilintangbatch16"),
        ("Number Generator 100", "number-generator-100"),
        ("Ciències Bàsiques", "cincies-bsiques"),
        ("Saloon Next Number Generator Test", "saloon-next-number-generator-test"),
    ],
)
def test_id_from_the_display_name(create: Create, display_name: str, slug: str) -> None:
    """If a request has no id, the service makes one of at most forty characters from the display name: the letters and
    digits in lower case, dashes for spaces, nothing for other characters, then a dash and a random part. Observed 2023
    to 2025.
    """
    name = create(model_id="", displayName=display_name).ok()["metadata"]["tunedModel"]

    assert re.fullmatch(rf"tunedModels/{slug}-[a-z0-9]+", name)
    assert len(name.removeprefix("tunedModels/")) <= 40


@clause("create/length-of-the-random-part", CREATE, level=Level.RECOMMENDED, cost=Cost.TUNING)
@pytest.mark.parametrize("display_name", ["number generator", "Saloon Next Number Generator Test"])
def test_length_of_the_random_part(create: Create, display_name: str) -> None:
    """The random part of an id has eleven or twelve characters, or as many as make the whole id forty. Observed: the
    first until early 2025 if there was room, the second if there was not, and after May 2025.
    """
    model_id = create(model_id="", displayName=display_name).ok()["metadata"]["tunedModel"].partition("/")[2]

    assert len(model_id) == 40 or len(model_id.rpartition("-")[2]) in (11, 12)


@clause("create/two-models-of-one-display-name", CREATE, cost=Cost.TUNING)
def test_two_models_of_one_display_name(create: Create) -> None:
    """Two models with the same display name get different ids. Documented: a part of the id is random."""
    first, second = (create(model_id="", displayName="number generator").ok() for _ in range(2))

    assert first["metadata"]["tunedModel"] != second["metadata"]["tunedModel"]


@clause("create/no-display-name", CREATE, GET, cost=Cost.TUNING)
def test_no_display_name(api: Api, create: Create) -> None:
    """A model that was created with an id alone has no display name. Observed in 2024."""
    name = create().ok()["metadata"]["tunedModel"]

    assert "displayName" not in api.get(f"v1beta/{name}").ok()


# -- The values of a new model ---------------------------------------------------------------------------------


@clause("create/texts-are-kept", CREATE, GET, cost=Cost.TUNING)
def test_texts_are_kept(api: Api, create: Create) -> None:
    """A model shows its display name and its description as they were sent. Observed 2023 to 2024."""
    texts = {"displayName": "Sentence Translator", "description": "My next sequence predictor: 七"}
    name = create(**texts).ok()["metadata"]["tunedModel"]

    model = api.get(f"v1beta/{name}").ok()
    assert {member: model.get(member) for member in texts} == texts


@clause("create/a-display-name-of-forty-bytes", CREATE, cost=Cost.TUNING)
@pytest.mark.parametrize("display_name", ["n" * 40, "ž" * 20])
def test_a_display_name_of_forty_bytes(create: Create, display_name: str) -> None:
    """A display name can have forty bytes. Documented; that bytes are counted was observed in 2024."""
    create(displayName=display_name).ok()


@clause("create/sampling-of-the-base-model", CREATE, GET, "models.get", cost=Cost.TUNING)
def test_sampling_of_the_base_model(api: Api, target: Target, create: Create) -> None:
    """Sampling values that the request omits are those of the base model. Documented, and observed from 2023 to
    2025.
    """
    base = api.get(f"v1beta/{target.base_model}").ok()
    model = api.get(f"v1beta/{create().ok()['metadata']['tunedModel']}").ok()

    members = [member for member in ("temperature", "topP", "topK") if member in base]
    assert {member: model.get(member) for member in members} == {member: base[member] for member in members}
    assert {"temperature", "topP", "topK"} <= set(model)


@clause("create/sampling-as-given", CREATE, GET, cost=Cost.TUNING)
@pytest.mark.parametrize(
    "values", [{"temperature": 0}, {"temperature": 0.5, "topP": 0.8, "topK": 20}, {"temperature": 1, "topP": 1}]
)
def test_sampling_as_given(api: Api, create: Create, values: dict[str, float]) -> None:
    """A model shows the sampling values as they were sent, including 0. Observed for temperature 0, else documented."""
    model = api.get(f"v1beta/{create(**values).ok()['metadata']['tunedModel']}").ok()

    assert {member: model.get(member) for member in values} == values


@clause("create/hyperparameters-may-be-left-out", CREATE, cost=Cost.TUNING)
@pytest.mark.parametrize("hyperparameters", [None, {}])
def test_hyperparameters_may_be_left_out(create: Create, hyperparameters: dict[str, int] | None) -> None:
    """A request with five examples and no hyperparameters starts a run. Observed in 2024."""
    create(examples=EXAMPLES[:5], hyperparameters=hyperparameters).ok()


@clause("create/default-hyperparameters", CREATE, cost=Cost.TUNING)
def test_default_hyperparameters(create: Create) -> None:
    """By default a run has 5 epochs and batches of 4 or 16. Documented."""
    batches_of_4, batches_of_16 = 19, 5

    assert create(hyperparameters={}).ok()["metadata"]["totalSteps"] in (batches_of_4, batches_of_16)


@clause("create/default-hyperparameters-are-shown", CREATE, GET, level=Level.RECOMMENDED, cost=Cost.TUNING)
def test_default_hyperparameters_are_shown(api: Api, create: Create) -> None:
    """A model shows the hyperparameters that the service chose. The values are documented; that they are shown is
    inferred.
    """
    name = create(hyperparameters=None).ok()["metadata"]["tunedModel"]
    hyperparameters = api.get(f"v1beta/{name}").ok()["tuningTask"]["hyperparameters"]

    assert hyperparameters["epochCount"] == 5
    assert hyperparameters["batchSize"] in (4, 16)
    assert hyperparameters["learningRate"] in (0.001, 0.0002)


@clause("create/default-hyperparameters-of-v1beta3", CREATE, level=Level.OPTIONAL, cost=Cost.TUNING)
def test_default_hyperparameters_of_v1beta3(create: Create) -> None:
    """In v1beta3 a run has 10 epochs and batches of 16 or 64 by default. Documented for that version alone."""
    batches_of_16, batches_of_64 = 10, 3
    created = create(version="v1beta3", hyperparameters={}).ok()

    assert created["metadata"]["totalSteps"] in (batches_of_16, batches_of_64)


@clause("create/a-multiplier-instead-of-a-rate", CREATE, cost=Cost.TUNING)
def test_a_multiplier_instead_of_a_rate(create: Create) -> None:
    """A request can give the learning rate as a multiple of the recommended one. Documented."""
    create(hyperparameters={"epochCount": 1, "batchSize": 2, "learningRateMultiplier": 2}).ok()


@clause("create/output-only-members-are-ignored", CREATE, GET, cost=Cost.TUNING)
def test_output_only_members_are_ignored(api: Api, create: Create, new_id: NewId) -> None:
    """The service ignores members in a request that only it can set. Documented; old clients send such members."""
    past, model_id = "2001-02-03T04:05:06Z", new_id()
    members = {"name": "tunedModels/somebody", "state": "FAILED", "createTime": past, "updateTime": past}
    create(model_id=model_id, **members).ok()

    model = api.get(f"v1beta/tunedModels/{model_id}").ok()
    assert model["name"] == f"tunedModels/{model_id}"
    assert model["state"] != "FAILED"
    assert not model["createTime"].startswith("2001")
    assert not model["updateTime"].startswith("2001")


@clause("create/from-a-tuned-model", CREATE, GET, level=Level.OPTIONAL, cost=Cost.TUNING)
def test_from_a_tuned_model(api: Api, target: Target, finished_run: ObservedRun, new_id: NewId) -> None:
    """A model tuned from a tuned model shows that model and its base model in tunedModelSource, and has no baseModel.
    Observed in 2023; refused for gemini-1.5-flash in 2024.
    """
    request_body = body(target.base_model)
    del request_body["baseModel"]
    request_body["tunedModelSource"] = {"tunedModel": finished_run.name}
    created = api.post("v1beta/tunedModels", request_body, {"tunedModelId": new_id()}).ok()

    model = api.get(f"v1beta/{created['metadata']['tunedModel']}").ok()
    assert list(model)[:2] == ["name", "tunedModelSource"]
    assert "baseModel" not in model
    assert model["tunedModelSource"] == {"tunedModel": finished_run.name, "baseModel": target.base_model}


# -- Errors ----------------------------------------------------------------------------------------------------


@clause("create/needs-an-id-or-a-display-name", CREATE, outcome=INVALID, cost=Cost.FREE)
def test_needs_an_id_or_a_display_name(api: Api, target: Target) -> None:
    """A request needs an id or a display name. The wording was observed in 2024."""
    error = api.post("v1beta/tunedModels", body(target.base_model)).assert_error(400, "INVALID_ARGUMENT")

    assert error.message == "Either tuned_model_id or display_name must be set."


@clause("create/id-taken-by-oneself", CREATE, outcome="409 ALREADY_EXISTS", cost=Cost.TUNING)
def test_id_taken_by_oneself(create: Create, new_id: NewId) -> None:
    """A caller cannot use the id of their own model again. Documented: the official sample expects it."""
    model_id = new_id()
    create(model_id=model_id).ok()

    create(model_id=model_id).assert_error(409, "ALREADY_EXISTS")


@clause(
    "create/id-of-a-failed-model",
    CREATE,
    outcome="409 ALREADY_EXISTS",
    level=Level.RECOMMENDED,
    cost=Cost.TUNING,
    needs=[Need.FAILING_RUN],
)
def test_id_of_a_failed_model(create: Create, failed_run: ObservedRun) -> None:
    """A model whose run failed keeps its id, so the id cannot be used again. Inferred: it is there until it is
    deleted.
    """
    create(model_id=failed_run.name.partition("/")[2]).assert_error(409, "ALREADY_EXISTS")


@clause(
    "create/new-run-after-a-failure",
    CREATE,
    "tunedModels.get",
    level=Level.RECOMMENDED,
    cost=Cost.TUNING,
    needs=[Need.FAILING_RUN],
)
def test_new_run_after_a_failure(api: Api, create: Create, failed_run: ObservedRun) -> None:
    """A new run under another id has nothing of an earlier failed run. Inferred."""
    operation = create(displayName=failed_run.model["displayName"]).ok()

    assert "error" not in api.get(f"v1beta/{operation['name']}").ok()
    assert api.get(f"v1beta/{operation['metadata']['tunedModel']}").ok()["state"] in ("CREATING", "ACTIVE")


@clause(
    "create/id-taken-by-another-user",
    CREATE,
    outcome="403 PERMISSION_DENIED",
    cost=Cost.TUNING,
    needs=[Need.SECOND_CALLER],
)
def test_id_taken_by_another_user(create: Create, foreign_model: str) -> None:
    """Ids are global: the id of another user's model is forbidden, and the message names it without its collection.
    Observed in 2025.
    """
    model_id = foreign_model.removeprefix("tunedModels/")
    error = create(model_id=model_id).assert_error(403, "PERMISSION_DENIED")

    assert error.message == f"You do not have permission to access tuned model {model_id}."


@clause("create/malformed-ids", CREATE, outcome=INVALID, cost=Cost.FREE)
@pytest.mark.parametrize(
    "model_id", ["Contracts-a", "1contracts", "-contracts", "contracts-", "contracts_a", "contracts.a", "c" * 41]
)
def test_malformed_ids(api: Api, target: Target, model_id: str) -> None:
    """An id has letters, digits and dashes, begins with a letter and does not end with a dash. Documented."""
    answer = api.post("v1beta/tunedModels", body(target.base_model), {"tunedModelId": model_id})

    answer.assert_error(400, "INVALID_ARGUMENT")


@clause("create/display-name-too-long", CREATE, outcome=INVALID, cost=Cost.FREE)
def test_display_name_too_long(api: Api, target: Target, new_id: NewId) -> None:
    """A display name of 35 characters and 42 bytes is too long, because the service counts bytes. Observed in 2024."""
    display_name = "Minh Thành Nguyễn - zábavná čeština"
    answer = api.post(
        "v1beta/tunedModels", body(target.base_model, displayName=display_name), {"tunedModelId": new_id()}
    )

    assert answer.assert_error(400, "INVALID_ARGUMENT").message == "Request contains an invalid argument."


@clause("create/base-model-that-cannot-be-tuned", CREATE, outcome="400 FAILED_PRECONDITION", cost=Cost.FREE)
def test_base_model_that_cannot_be_tuned(api: Api, new_id: NewId) -> None:
    """If a base model does not exist or cannot be tuned, the error says that it is not found for tuning. Observed in
    2025.
    """
    answer = api.post("v1beta/tunedModels", body("models/gemini-2.5-flash"), {"tunedModelId": new_id()})

    assert answer.assert_error(400, "FAILED_PRECONDITION").message == (
        "models/gemini-2.5-flash is not found for CREATE TUNED MODEL at API version v1beta."
    )


@clause("create/required-members", CREATE, outcome=INVALID, cost=Cost.FREE)
@pytest.mark.parametrize(
    "missing", ["source model", "tuning task", "training data", "examples", "every example", "output"]
)
def test_required_members(api: Api, target: Target, new_id: NewId, missing: str) -> None:
    """A request needs a source model and examples, each with an output. Documented."""
    request_body: dict[str, Any] = body(target.base_model)
    task = request_body["tuningTask"]
    rows = task["trainingData"]["examples"]["examples"]
    if missing == "source model":
        del request_body["baseModel"]
    elif missing == "tuning task":
        del request_body["tuningTask"]
    elif missing == "training data":
        del task["trainingData"]
    elif missing == "examples":
        del task["trainingData"]["examples"]
    elif missing == "every example":
        rows.clear()
    else:
        del rows[3]["output"]
    answer = api.post("v1beta/tunedModels", request_body, {"tunedModelId": new_id()})

    answer.assert_error(400, "INVALID_ARGUMENT")


@clause("create/two-sources", CREATE, outcome=INVALID, cost=Cost.FREE)
def test_two_sources(api: Api, target: Target, new_id: NewId) -> None:
    """A model is tuned from a base model or from a tuned model, not from both. Documented."""
    request_body = body(target.base_model, tunedModelSource={"tunedModel": "tunedModels/any"})

    api.post("v1beta/tunedModels", request_body, {"tunedModelId": new_id()}).assert_error(400, "INVALID_ARGUMENT")


@clause("create/two-learning-rates", CREATE, outcome=INVALID, cost=Cost.FREE)
def test_two_learning_rates(api: Api, target: Target, new_id: NewId) -> None:
    """A request can give a learning rate or a multiplier, not both. Documented."""
    request_body = body(target.base_model, hyperparameters={"learningRate": 0.001, "learningRateMultiplier": 1})

    api.post("v1beta/tunedModels", request_body, {"tunedModelId": new_id()}).assert_error(400, "INVALID_ARGUMENT")


@clause("create/hyperparameters-out-of-range", CREATE, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.FREE)
@pytest.mark.parametrize(
    "hyperparameters",
    [
        {"epochCount": 0},
        {"epochCount": -1},
        {"batchSize": 0},
        {"batchSize": -1},
        {"learningRate": 0},
        {"learningRate": -0.001},
        {"learningRateMultiplier": -1},
    ],
)
def test_hyperparameters_out_of_range(
    api: Api, target: Target, new_id: NewId, hyperparameters: dict[str, float]
) -> None:
    """The service refuses counts and rates that are not above 0. Inferred."""
    request_body = body(target.base_model, hyperparameters=hyperparameters)

    api.post("v1beta/tunedModels", request_body, {"tunedModelId": new_id()}).assert_error(400, "INVALID_ARGUMENT")


@clause("create/sampling-out-of-range", CREATE, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.FREE)
@pytest.mark.parametrize("values", [{"temperature": -0.5}, {"temperature": 2.5}, {"topP": -0.5}, {"topP": 1.5}])
def test_sampling_out_of_range(api: Api, target: Target, new_id: NewId, values: dict[str, Any]) -> None:
    """The service refuses sampling values that are out of range. The ranges are documented, the refusal is inferred."""
    request_body = body(target.base_model, **values)

    api.post("v1beta/tunedModels", request_body, {"tunedModelId": new_id()}).assert_error(400, "INVALID_ARGUMENT")


@clause("create/texts-too-long", CREATE, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.FREE)
@pytest.mark.parametrize("example", [("x" * 40_001, "y"), ("x", "y" * 5_001)], ids=["input", "output"])
def test_texts_too_long(api: Api, target: Target, new_id: NewId, example: tuple[str, str]) -> None:
    """An input has at most 40,000 characters and an output at most 5,000. Documented, the refusal is inferred."""
    request_body = body(target.base_model, (*EXAMPLES, example))

    api.post("v1beta/tunedModels", request_body, {"tunedModelId": new_id()}).assert_error(400, "INVALID_ARGUMENT")
