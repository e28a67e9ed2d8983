"""Each method of the base models sends its request and reads its result."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import responses

from tunedmodels import Client, Model

MODELS = "https://service.test/v1beta/models"
PRO = {
    "name": "models/gemini-1.0-pro-001",
    "version": "001",
    "displayName": "Gemini 1.0 Pro 001 (Tuning)",
    "inputTokenLimit": 30720,
    "outputTokenLimit": 2048,
    "supportedGenerationMethods": ["generateContent", "countTokens", "createTunedModel"],
    "temperature": 0.9,
    "topP": 1,
}
FLASH = {"name": "models/gemini-1.5-flash", "supportedGenerationMethods": ["generateContent"], "maxTemperature": 2}
BISON = {"name": "models/text-bison-001", "supportedGenerationMethods": ["generateText", "createTunedTextModel"]}


def queries(answers: responses.RequestsMock) -> list[dict[str, str]]:
    return [dict(parse_qsl(urlsplit(call.request.url or "").query)) for call in answers.calls]


@pytest.mark.parametrize("name", ["gemini-1.0-pro-001", "models/gemini-1.0-pro-001"])
def test_get(client: Client, answers: responses.RequestsMock, name: str) -> None:
    """The client gets a base model by its id or its name."""
    answers.get(f"{MODELS}/gemini-1.0-pro-001", json=PRO)
    model = client.models.get(name)

    assert model == Model(
        name="models/gemini-1.0-pro-001",
        version="001",
        display_name="Gemini 1.0 Pro 001 (Tuning)",
        input_token_limit=30720,
        output_token_limit=2048,
        supported_generation_methods=("generateContent", "countTokens", "createTunedModel"),
        temperature=0.9,
        top_p=1.0,
    )
    assert model.top_k is None


def test_list(client: Client, answers: responses.RequestsMock) -> None:
    """The list requests pages of the given size, from the given token."""
    answers.get(MODELS, json={"models": [PRO], "nextPageToken": "b"})
    answers.get(MODELS, json={"models": [FLASH]})
    models = client.models.list(page_size=1, page_token="a")
    assert len(answers.calls) == 0

    assert [model.name for model in models] == [PRO["name"], FLASH["name"]]
    assert queries(answers) == [{"pageSize": "1", "pageToken": "a"}, {"pageSize": "1", "pageToken": "b"}]


def test_list_with_defaults(client: Client, answers: responses.RequestsMock) -> None:
    """Without arguments the request has no parameters."""
    answers.get(MODELS, json={})

    assert list(client.models.list()) == []
    assert answers.calls[0].request.url == MODELS


@pytest.mark.parametrize(
    ("pages", "names"),
    [
        ([[PRO, FLASH], [BISON]], (PRO["name"], BISON["name"])),
        ([[FLASH]], ()),
        ([[]], ()),
    ],
    ids=["two of three", "none of one", "none"],
)
def test_tunable(
    client: Client, answers: responses.RequestsMock, pages: list[list[dict[str, Any]]], names: tuple[str, ...]
) -> None:
    """tunable() selects the models that can be tuned from all pages, with few requests."""
    for number, page in enumerate(pages, 1):
        token = {"nextPageToken": str(number)} if number < len(pages) else {}
        answers.get(MODELS, json={"models": page, **token})
    tunable = client.models.tunable()

    assert isinstance(tunable, tuple)
    assert tuple(model.name for model in tunable) == names
    assert {query["pageSize"] for query in queries(answers)} == {"1000"}
