"""These clauses check the base models, as far as tuning needs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tunedmodels_contracts.clauses.clause import Cost, Level, Need, clause
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.targets.target import Target

GET, LIST, GENERATE = "models.get", "models.list", "models.generateContent"
INVALID, NOT_FOUND = "400 INVALID_ARGUMENT", "404 NOT_FOUND"
MODELS = "v1beta/models"
MEMBERS = [
    "name",
    "version",
    "displayName",
    "description",
    "inputTokenLimit",
    "outputTokenLimit",
    "supportedGenerationMethods",
    "temperature",
    "topP",
    "topK",
    "maxTemperature",
]


@clause("models/members", GET)
@pytest.mark.parametrize("version", ["v1beta", "v1"])
def test_members(api: Api, target: Target, version: str) -> None:
    """A base model has names, limits, methods and sampling values, in a fixed order. Observed in 2024."""
    model = api.get(f"{version}/{target.base_model}").ok()

    assert [member for member in model if member in MEMBERS] == [member for member in MEMBERS if member in model]
    assert set(MEMBERS[:7]) <= set(model)
    assert model["name"] == target.base_model


@clause("models/tunable-models-list-the-method", GET, needs=[Need.TUNABLE_MODEL])
def test_tunable_models_list_the_method(api: Api, target: Target) -> None:
    """A base model that can be tuned lists the method that tunes it. Observed in 2024."""
    methods = api.get(f"v1beta/{target.base_model}").ok()["supportedGenerationMethods"]

    assert {"createTunedModel", "createTunedTextModel"} & set(methods)


@clause("models/list-matches-get", LIST, GET)
def test_list_matches_get(api: Api, target: Target) -> None:
    """A list shows a base model as get does. Observed in 2024."""
    models = [model for model in api.list_all(MODELS, {"pageSize": 1000}) if model["name"] == target.base_model]

    assert models == [api.get(f"v1beta/{target.base_model}").ok()]


@clause("models/pages-have-every-model-once", LIST)
def test_pages_have_every_model_once(api: Api) -> None:
    """Pages are no larger than requested, and together they have each base model once. Documented."""
    names = [model["name"] for model in api.list_all(MODELS, {"pageSize": 1000})]
    pages: list[Any] = api.pages(MODELS, {"pageSize": 3})

    assert all(len(page["models"]) <= 3 for page in pages)
    assert [model["name"] for page in pages for model in page["models"]] == names
    assert len(set(names)) == len(names)


@clause("models/negative-page-size", LIST, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.FREE)
def test_negative_page_size(api: Api) -> None:
    """The list of base models refuses a page size below zero. Inferred from the rules for Google's APIs."""
    api.get(MODELS, {"pageSize": -1}).assert_error(400, "INVALID_ARGUMENT")


@clause("models/missing", GET, outcome=NOT_FOUND, level=Level.RECOMMENDED, cost=Cost.FREE)
def test_missing(api: Api, new_id: Callable[[], str]) -> None:
    """A base model that does not exist is not found. Inferred from generate."""
    api.get(f"{MODELS}/{new_id()}").assert_error(404, "NOT_FOUND")


@clause("models/generate", GENERATE)
def test_generate(api: Api) -> None:
    """A base model that lists generateContent among its methods generates content. Documented."""
    names = [
        model["name"]
        for model in api.list_all(MODELS, {"pageSize": 1000})
        if "generateContent" in model.get("supportedGenerationMethods", [])
    ]
    answer = api.post(f"v1beta/{names[0]}:generateContent", {"contents": [{"parts": [{"text": "Say yes."}]}]}).ok()

    assert answer["candidates"][0]["content"]["role"] == "model"


@clause("models/generate-with-a-missing-model", GENERATE, outcome=NOT_FOUND, cost=Cost.FREE)
@pytest.mark.parametrize("version", ["v1beta", "v1"])
def test_generate_with_a_missing_model(api: Api, new_id: Callable[[], str], version: str) -> None:
    """Generating with a base model that does not exist gives 404 with a fixed message. Observed in 2024 and 2025."""
    name = f"models/{new_id()}"
    answer = api.post(f"{version}/{name}:generateContent", {"contents": [{"parts": [{"text": "Say yes."}]}]})

    assert answer.assert_error(404, "NOT_FOUND").message == (
        f"{name} is not found for API version {version}, or is not supported for generateContent. "
        "Call ListModels to see the list of available models and their supported methods."
    )
