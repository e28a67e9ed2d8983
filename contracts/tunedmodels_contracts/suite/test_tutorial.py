"""These clauses send the requests of the service's tutorial page of 2024, by curl and by Python, and check the answers
that the page shows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tunedmodels_contracts.clauses.clause import Cost, Level, Need, clause
from tunedmodels_contracts.harness.answer import Answer
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.tuning_runs import EXAMPLES, observe
from tunedmodels_contracts.targets.target import Target

CREATE, POLL, GENERATE = "tunedModels.create", "tunedModels.operations.get", "tunedModels.generateContent"
BY_CURL, BY_PYTHON = "tutorial/create-by-curl", "tutorial/create-by-python"

# The trailing commas and the missing space are on the page, too.
_CURL_CREATE = """
      {
        "display_name": "number generator model",
        "base_model": "BASE",
        "tuning_task": {
          "hyperparameters": {
            "batch_size": 2,
            "learning_rate": 0.001,
            "epoch_count":5,
          },
          "training_data": {
            "examples": {
              "examples": [
                {
ROWS
                }
              ]
            }
          }
        }
      }"""
_CURL_GENERATE = """{
        "contents": [{
        "parts": [{
          "text": "LXIII"
          }]
        }]
        }"""


def _by_curl(base_model: str) -> str:
    indent = " " * 20
    rows = (f'{indent}"text_input": "{text_input}",\n{indent}"output": "{output}",' for text_input, output in EXAMPLES)
    return _CURL_CREATE.replace("BASE", base_model).replace("ROWS", f"\n{' ' * 16}}},{{\n".join(rows))


def _by_python(base_model: str) -> str:
    examples = [{"text_input": text_input, "output": output} for text_input, output in EXAMPLES]
    return json.dumps(
        {
            "display_name": "number generator",
            "base_model": base_model,
            "tuning_task": {
                "hyperparameters": {"batch_size": 4, "learning_rate": 0.001, "epoch_count": 5},
                "training_data": {"examples": {"examples": examples}},
            },
        }
    )


TEXTS: dict[str, Callable[[str], str]] = {BY_CURL: _by_curl, BY_PYTHON: _by_python}
"""The body that each of the two clauses sends, as a function of the base model to tune."""


@pytest.fixture
def start(api: Api) -> Iterator[Callable[[str], Answer]]:
    """A function that starts a run with a text as the body. Afterwards the fixture deletes the model."""
    names: list[str] = []

    def post(text: str) -> Answer:
        answer = api.post("v1beta/tunedModels", data=text)
        if answer.status == 200:
            names.append(answer.json["metadata"]["tunedModel"])
        return answer

    yield post
    for name in names:
        api.delete(f"v1beta/{name}")


@pytest.fixture(scope="session")
def by_curl(api: Api, target: Target) -> Iterator[str]:
    """The name of the operation that the page's request by curl starts, after its end."""
    with _run_to_end(api, target, BY_CURL) as name:
        yield name


@pytest.fixture(scope="session")
def by_python(api: Api, target: Target) -> Iterator[str]:
    """The name of the operation that the page's request by Python starts, after its end."""
    with _run_to_end(api, target, BY_PYTHON) as name:
        yield name


@contextmanager
def _run_to_end(api: Api, target: Target, started_by: str) -> Iterator[str]:
    if Need.TUNABLE_MODEL not in target.capabilities:
        pytest.skip(target.reason(Need.TUNABLE_MODEL))
    if started_by in target.prior_operations:
        yield target.prior_operations[started_by]
        return
    created = api.post("v1beta/tunedModels", data=TEXTS[started_by](target.base_model))
    try:
        yield observe(api, created, target.clock, target.pause, target.bound).assert_ended().operation_name
    finally:
        if created.status == 200:
            api.delete(f"v1beta/{created.json['metadata']['tunedModel']}")


def _model(operation_name: str) -> str:
    return operation_name.partition("/operations/")[0]


def _check_created(answer: Answer, slug: str, steps: int) -> None:
    """Assert that *answer* has the text that the page shows for a run of *steps* steps. *slug* is the start of the
    model's id.
    """
    operation = answer.ok()
    name = operation["metadata"]["tunedModel"]

    assert re.fullmatch(rf"tunedModels/{slug}-[a-z0-9]+", name)
    assert re.fullmatch(rf"{name}/operations/[a-z0-9]{{12}}", operation["name"])
    assert answer.text == (
        f'{{\n  "name": "{operation["name"]}",\n  "metadata": {{\n'
        '    "@type": "type.googleapis.com/google.ai.generativelanguage.v1beta.CreateTunedModelMetadata",\n'
        f'    "totalSteps": {steps},\n    "tunedModel": "{name}"\n  }}\n}}\n'
    )


def _check_answer(answer: Answer, text: str) -> None:
    """Assert that *answer* has one candidate with *text*, in the form that the page shows."""
    (candidate,) = answer.ok()["candidates"]

    assert list(candidate) == ["content", "finishReason", "index", "safetyRatings"]
    assert list(candidate["content"].items()) == [("parts", [{"text": text}]), ("role", "model")]
    assert (candidate["finishReason"], candidate["index"]) == ("STOP", 0)
    assert [rating["category"].removeprefix("HARM_CATEGORY_") for rating in candidate["safetyRatings"]] == [
        "SEXUALLY_EXPLICIT",
        "HATE_SPEECH",
        "HARASSMENT",
        "DANGEROUS_CONTENT",
    ]
    assert {rating["probability"] for rating in candidate["safetyRatings"]} <= {"NEGLIGIBLE", "LOW"}


@clause("tutorial/create-by-curl", CREATE, cost=Cost.TUNING)
def test_create_by_curl(target: Target, start: Callable[[str], Answer]) -> None:
    """The page's request by curl, with trailing commas, starts a run of 38 steps with exactly the answer on the page.
    Observed in 2024, when it had 296 bytes.
    """
    _check_created(start(TEXTS[BY_CURL](target.base_model)), "number-generator-model", 38)


@clause("tutorial/create-by-python", CREATE, cost=Cost.TUNING)
def test_create_by_python(target: Target, start: Callable[[str], Answer]) -> None:
    """The page's request by Python, with batches of four, starts a run of 19 steps. Observed in 2024."""
    _check_created(start(TEXTS[BY_PYTHON](target.base_model)), "number-generator", 19)


@clause("tutorial/last-poll", POLL, cost=Cost.TUNING)
def test_last_poll(api: Api, by_python: str) -> None:
    """The last line that the page's loop prints has 100.00%, step 19 and epoch 5, with the members in a fixed order.
    Observed in 2024; the page has nothing else of that answer.
    """
    metadata: dict[str, Any] = api.get(f"v1/{by_python}", whole=False).ok()["metadata"]
    last = metadata["snapshots"][-1]
    line = f"{metadata['completedPercent']:.2f}% - {last}"

    loss, time = r"-?\d+(\.\d+)?(e-\d+)?", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z"
    assert re.fullmatch(rf"100\.00% - {{'step': 19, 'epoch': 5, 'meanLoss': {loss}, 'computeTime': '{time}'}}", line)
    assert last["epoch"] == last["step"] * 4 // len(EXAMPLES)


@clause("tutorial/generate-by-curl", GENERATE, level=Level.OPTIONAL, cost=Cost.TUNING)
def test_generate_by_curl(api: Api, by_curl: str) -> None:
    """A model that learned to count in English answers the Roman numeral LXIII with LXIV. Observed in 2024, and no
    promise: one model answered so.
    """
    _check_answer(api.post(f"v1beta/{_model(by_curl)}:generateContent", data=_CURL_GENERATE), "LXIV")


@clause("tutorial/generate-by-python", GENERATE, level=Level.OPTIONAL, cost=Cost.TUNING)
def test_generate_by_python(api: Api, by_python: str) -> None:
    """A model that learned to count in English answers the Japanese numeral 六 with 七. Observed in 2024, and no
    promise: one model answered so.
    """
    request_body = {"contents": [{"parts": [{"text": "六"}]}]}

    _check_answer(api.post(f"v1beta/{_model(by_python)}:generateContent", request_body), "七")
