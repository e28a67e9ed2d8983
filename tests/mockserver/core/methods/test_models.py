"""Tests get and list of base models."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from ...conftest import api_error, ok

# As models.list showed them in July 2024, in its order: id, token limits in and out.
RECORDED = [
    ("chat-bison-001", 4096, 1024),
    ("text-bison-001", 8196, 1024),
    ("embedding-gecko-001", 1024, 1),
    ("gemini-1.0-pro-latest", 30720, 2048),
    ("gemini-1.0-pro", 30720, 2048),
    ("gemini-pro", 30720, 2048),
    ("gemini-1.0-pro-001", 30720, 2048),
    ("gemini-1.0-pro-vision-latest", 12288, 4096),
    ("gemini-pro-vision", 12288, 4096),
    ("gemini-1.5-pro-latest", 2097152, 8192),
    ("gemini-1.5-pro-001", 2097152, 8192),
    ("gemini-1.5-pro", 2097152, 8192),
    ("gemini-1.5-flash-latest", 1048576, 8192),
    ("gemini-1.5-flash-001", 1048576, 8192),
    ("gemini-1.5-flash", 1048576, 8192),
    ("embedding-001", 2048, 1),
    ("text-embedding-004", 2048, 1),
    ("aqa", 7168, 1024),
]

# As published answers of 2025 and 2026 show them: id, token limit out; the limit in is 1048576 for all.
LATER = [
    ("gemini-2.5-flash", 65536),
    ("gemini-2.5-pro", 65536),
    ("gemini-2.0-flash", 8192),
    ("gemini-2.0-flash-001", 8192),
    ("gemini-2.0-flash-lite-001", 8192),
    ("gemini-2.0-flash-lite", 8192),
    ("gemini-flash-latest", 65536),
    ("gemini-flash-lite-latest", 65536),
    ("gemini-pro-latest", 65536),
    ("gemini-2.5-flash-lite", 65536),
    ("gemini-3-pro-preview", 65536),
    ("gemini-3-flash-preview", 65536),
    ("gemini-3.1-pro-preview", 65536),
    ("gemini-3.1-flash-lite", 65536),
    ("gemini-3.5-flash", 65536),
    ("gemini-3.5-flash-lite", 65536),
    ("gemini-3.6-flash", 65536),
    ("gemini-3.7-flash", 65536),
    ("gemini-3.8-flash", 65536),
]


def test_listed_models(http: FlaskClient) -> None:
    """The recorded list of July 2024, the tunable flash model of two weeks later, and those of later years."""
    page = ok(http.get("/v1beta/models"))

    models = [
        (model["name"].removeprefix("models/"), model["inputTokenLimit"], model["outputTokenLimit"])
        for model in page["models"]
    ]
    later = [(name, 1048576, limit) for name, limit in LATER]
    assert [model for model in models if model[0] != "gemini-1.5-flash-001-tuning"] == RECORDED + later
    assert ("gemini-1.5-flash-001-tuning", 16384, 8192) in models
    assert "nextPageToken" not in page


@pytest.mark.parametrize(
    ("model", "methods", "sampling"),
    [
        (
            "text-bison-001",
            ["generateText", "countTextTokens", "createTunedTextModel"],
            {"temperature": 0.7, "topP": 0.95, "topK": 40},
        ),
        (
            "gemini-1.0-pro-001",
            ["generateContent", "countTokens", "createTunedModel"],
            {"temperature": 0.9, "topP": 1},
        ),
        (
            "gemini-1.5-flash-001-tuning",
            ["generateContent", "countTokens", "createTunedModel"],
            {"temperature": 1, "topP": 0.95, "topK": 64, "maxTemperature": 2},
        ),
        (
            "gemini-1.5-flash-001",
            ["generateContent", "countTokens", "createCachedContent"],
            {"temperature": 1, "topP": 0.95, "topK": 64, "maxTemperature": 2},
        ),
        (
            "gemini-2.5-flash",
            ["generateContent", "countTokens", "createCachedContent", "batchGenerateContent"],
            {"temperature": 1, "topP": 0.95, "topK": 64, "maxTemperature": 2},
        ),
    ],
)
def test_members_of_a_model(http: FlaskClient, model: str, methods: list[str], sampling: dict[str, Any]) -> None:
    """Members in the recorded order; unknown sampling values are omitted."""
    members = ok(http.get(f"/v1beta/models/{model}"))

    limits = ["inputTokenLimit", "outputTokenLimit"]
    names = ["name", "version", "displayName", "description", *limits, "supportedGenerationMethods", *sampling]
    assert list(members) == names
    assert members["name"] == f"models/{model}"
    assert members["version"] == "001"
    assert members["supportedGenerationMethods"] == methods
    assert {name: members[name] for name in sampling} == sampling


def test_three_models_can_be_tuned(http: FlaskClient) -> None:
    """Those whose methods say so, by the name of 2023 or of 2024."""
    models = ok(http.get("/v1beta/models"))["models"]

    makers = {"createTunedModel", "createTunedTextModel"}
    tunable = [model["name"] for model in models if makers & set(model["supportedGenerationMethods"])]
    assert tunable == [
        "models/text-bison-001",
        "models/gemini-1.0-pro-001",
        "models/gemini-1.5-flash-001-tuning",
    ]


@pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha", "v1beta3"])
def test_get_and_list_agree(http: FlaskClient, version: str) -> None:
    """Every version lists and gets every model."""
    for model in ok(http.get(f"/{version}/models"))["models"]:
        assert ok(http.get(f"/{version}/{model['name']}")) == model


def test_maximal_temperatures_came_after_v1beta3(http: FlaskClient) -> None:
    """The member is not of that version."""
    assert "maxTemperature" in ok(http.get("/v1beta/models/gemini-1.5-pro"))
    assert "maxTemperature" not in ok(http.get("/v1beta3/models/gemini-1.5-pro"))


def test_models_come_in_pages(http: FlaskClient) -> None:
    """Tokens lead through the whole list, whatever the page size; fifty are the default (documented)."""
    whole = ok(http.get("/v1beta/models"))["models"]

    for size in (1, 7, len(whole)):
        models: list[Any] = []
        token = ""
        while not models or token:
            page = ok(http.get("/v1beta/models", query_string={"pageSize": size, "pageToken": token}))
            assert len(page["models"]) <= size
            models += page["models"]
            token = page.get("nextPageToken", "")
        assert models == whole


@pytest.mark.parametrize(
    ("path", "refusal"),
    [
        ("models/none", ("NOT_FOUND", "Model is not found: models/none for api version v1beta")),
        ("models?pageSize=-1", ("INVALID_ARGUMENT", "page_size must not be negative.")),
        ("models?pageToken=x", ("INVALID_ARGUMENT", "Invalid page token: x")),
    ],
)
def test_invalid_requests(http: FlaskClient, path: str, refusal: tuple[str, str]) -> None:
    """An unknown model, a negative page size, an invalid token (invented wordings)."""
    assert api_error(http.get(f"/v1beta/{path}")) == refusal


def test_tuned_model_under_models(http: FlaskClient, strict_http: FlaskClient, active: str) -> None:
    """The service refuses such a name; an allowance accepts it, with a note."""
    answer = http.get(f"/v1beta/models/{active}")

    assert ok(answer)["name"] == active
    assert answer.headers["X-Tunedmodels-Note"].startswith("models-prefix: ")
    text = "* GetModelRequest.name: unexpected model name format\n"
    assert api_error(strict_http.get(f"/v1beta/models/{active}")) == ("INVALID_ARGUMENT", text)
