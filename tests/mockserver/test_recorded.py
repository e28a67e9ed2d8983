"""Tests that recorded answers of the service are reproduced: members, their order, and the form of numbers and times.

Each test repeats the situation of a recorded call of 2023 or 2024 and compares the text of the body. Placeholders
replace ids, losses and times, which differ from run to run.
"""

from __future__ import annotations

import json
import re
import struct
from typing import TYPE_CHECKING, Any

import pytest

from .conftest import ok

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

    from tunedmodels_mockserver import ManualClock

    Tutorial = Callable[..., dict[str, Any]]

PRO = "models/gemini-1.0-pro-001"
FLASH = "models/gemini-1.5-flash-001-tuning"
GROUP = "genai-samples-test-group@googlegroups.com"

MICROS, NANOS, LOSS = "<micros>", "<nanos>", "<float32>"


def metadata_type(version: str) -> str:
    return f"type.googleapis.com/google.ai.generativelanguage.{version}.CreateTunedModelMetadata"


def shape(text: str) -> str:
    """Return *text* with placeholders for ids, which have their lengths, and for times and losses."""

    def of_length(match: re.Match[str]) -> str:
        return f"{match[1]}<{len(match[2])}>"

    day = r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d'
    text = re.sub(day + r'\.\d{6}Z"', f'"{MICROS}"', text)
    text = re.sub(day + r'\.\d{9}Z"', f'"{NANOS}"', text)
    text = re.sub(
        r'("meanLoss": )([^,\n]+)', lambda match: match[1] + (LOSS if is_float32(match[2]) else match[2]), text
    )
    text = re.sub(r"(tunedModels/[a-z-]+-)([a-z0-9]{6,12})(?=[\"/])", of_length, text)
    return re.sub(r"(/(?:operations|permissions)/)([a-z0-9]+)(?=\")", of_length, text)


def is_float32(text: str) -> bool:
    """Return whether *text* is the shortest decimal of some float32, as the service writes it."""

    def single(decimal: str) -> float:
        return float(struct.unpack("f", struct.pack("f", float(decimal)))[0])

    value = single(text)
    digits = len(re.sub(r"e.*|[-.]", "", text).lstrip("0"))
    return text == f"{value:.{digits}g}" and (digits == 1 or single(f"{value:.{digits - 1}g}") != value)


def layout(value: Any) -> str:
    """Return *value* as the text of a body of the service."""
    return json.dumps(value, indent=2).replace(f'"{LOSS}"', LOSS) + "\n"


def job(display_name: str, base_model: str) -> dict[str, Any]:
    """Return the body of the recorded create call: 15 examples, 5 epochs, batches of 2."""
    rows = [{"textInput": str(number), "output": str(number + 1)} for number in range(99, 114)]
    return {
        "displayName": display_name,
        "baseModel": base_model,
        "tuningTask": {
            "hyperparameters": {"epochCount": 5, "batchSize": 2, "learningRate": 0.001},
            "trainingData": {"examples": {"examples": rows}},
        },
    }


def start(http: FlaskClient, display_name: str, base_model: str = PRO) -> tuple[str, str]:
    """Create the recorded job; return the names of the model and of its operation."""
    operation = ok(http.post("/v1beta/tunedModels", json=job(display_name, base_model)))
    return operation["metadata"]["tunedModel"], operation["name"]


def snapshots(count: int) -> list[dict[str, Any]]:
    """Return the first steps on 15 examples in batches of 2. The epoch is absent while it is 0."""
    epochs = [{"epoch": step * 2 // 15} if step * 2 >= 15 else {} for step in range(1, count + 1)]
    return [
        {"step": step, **epoch, "meanLoss": LOSS, "computeTime": NANOS} for step, epoch in enumerate(epochs, start=1)
    ]


def active_model(name: str, display_name: str) -> dict[str, Any]:
    """Return an active model on gemini-1.0-pro-001 as the service showed it in July 2024."""
    return {
        "name": name,
        "baseModel": PRO,
        "displayName": display_name,
        "state": "ACTIVE",
        "createTime": MICROS,
        "updateTime": MICROS,
        "tuningTask": {
            "startTime": NANOS,
            "completeTime": MICROS,
            "snapshots": snapshots(38),
            "hyperparameters": {"epochCount": 5, "batchSize": 2, "learningRate": 0.001},
        },
        "temperature": 0.9,
        "topP": 1,
        "topK": 0,
    }


def create_answer(model: str, version: str, steps: int) -> dict[str, Any]:
    metadata = {"@type": metadata_type(version), "totalSteps": steps, "tunedModel": f"tunedModels/{model}"}
    return {"name": f"tunedModels/{model}/operations/<12>", "metadata": metadata}


def test_create_on_flash(http: FlaskClient) -> None:
    """In August 2024 the operation had its name, totalSteps and the name of the model, with an id of 40 characters."""
    answer = http.post("/v1beta/tunedModels", json=job("Saloon Next Number Generator Test", FLASH))

    expected = create_answer("saloon-next-number-generator-test-<6>", "v1beta", 38)
    assert shape(answer.text) == layout(expected)


@pytest.mark.parametrize(
    ("version", "changes", "steps", "size"),
    [
        ("v1beta", {}, 38, 296),
        ("v1beta3", {"base_model": "models/text-bison-001", "epoch_count": 3}, 23, 297),
    ],
)
def test_create_by_curl(
    http: FlaskClient, tutorial: Tutorial, version: str, changes: dict[str, Any], steps: int, size: int
) -> None:
    """The calls of the tutorials, with snake_case and trailing commas, get as many bytes as curl counted."""
    body = re.sub(r"(?<=[\"\d])(?=})", ",", json.dumps(tutorial(**changes)))
    assert body.count(",}") == 16
    answer = http.post(f"/{version}/tunedModels", data=body, content_type="application/json")

    assert shape(answer.text) == layout(create_answer("number-generator-model-<12>", version, steps))
    assert len(answer.data) == size


def test_get_while_creating(http: FlaskClient, clock: ManualClock, tutorial: Tutorial) -> None:
    """In September 2023 a model that had started and had no step yet had 494 bytes by the count of curl."""
    operation = ok(http.post("/v1beta3/tunedModels", json=tutorial("models/text-bison-001", epoch_count=3)))
    clock.advance(0.4)
    answer = http.get(f"/v1beta3/{operation['metadata']['tunedModel']}")

    expected = {
        "name": "tunedModels/number-generator-model-<12>",
        "baseModel": "models/text-bison-001",
        "displayName": "number generator model",
        "state": "CREATING",
        "createTime": MICROS,
        "updateTime": MICROS,
        "tuningTask": {
            "startTime": NANOS,
            "hyperparameters": {"epochCount": 3, "batchSize": 2, "learningRate": 0.001},
        },
        "temperature": 0.7,
        "topP": 0.95,
        "topK": 40,
    }
    assert shape(answer.text) == layout(expected)
    assert len(answer.data) == 494


def test_get_and_list_when_active(http: FlaskClient, clock: ManualClock) -> None:
    """In July 2024 a model had 38 snapshots, topP 1, topK 0 and no description; the list had the same and no token."""
    name, _ = start(http, "Next Number Generator")
    clock.advance(60)

    expected = active_model("tunedModels/next-number-generator-<12>", "Next Number Generator")
    assert shape(http.get(f"/v1beta/{name}").text) == layout(expected)
    assert shape(http.get("/v1beta/tunedModels").text) == layout({"tunedModels": [expected]})


def test_patch(http: FlaskClient) -> None:
    """In August 2024 the answer had only the two members of the mask."""
    name, _ = start(http, "Number Predictor")
    changes = {"displayName": "Sentence Translator", "description": "My next sequence predictor"}
    answer = http.patch(f"/v1beta/{name}?updateMask=displayName,description", json=changes)

    assert answer.text == layout(changes)


def test_calls_without_a_result(http: FlaskClient) -> None:
    """In July 2024 a cancel on v1, a transfer of ownership and a delete gave an empty object and a newline."""
    name, operation = start(http, "Text Predictor")
    other, _ = start(http, "Next Number Generator")
    answers = [
        http.post(f"/v1/{operation}:cancel", json={}),
        http.post(f"/v1beta/{name}:transferOwnership", json={"emailAddress": GROUP}),
        http.delete(f"/v1beta/{other}"),
    ]

    assert [(answer.status_code, answer.text) for answer in answers] == [(200, "{}\n")] * 3


def test_generate(http: FlaskClient, clock: ManualClock) -> None:
    """In July 2024 an answer had one candidate with four ratings, then the usage, and no other member."""
    name, _ = start(http, "Next Number Generator")
    clock.advance(60)
    body = {"contents": [{"parts": [{"text": "100"}]}]}
    answer = http.post(f"/v1beta/{name}:generateContent", json=body)

    ratings = ("SEXUALLY_EXPLICIT", "HATE_SPEECH", "HARASSMENT", "DANGEROUS_CONTENT")
    candidate = {
        "content": {"parts": [{"text": "101"}], "role": "model"},
        "finishReason": "STOP",
        "index": 0,
        "safetyRatings": [{"category": f"HARM_CATEGORY_{name}", "probability": "NEGLIGIBLE"} for name in ratings],
    }
    usage = {"promptTokenCount": 3, "candidatesTokenCount": 3, "totalTokenCount": 6}
    assert answer.text == layout({"candidates": [candidate], "usageMetadata": usage})


def test_a_running_operation(http: FlaskClient, clock: ManualClock) -> None:
    """In July 2024 it had two of 38 steps on v1, their percentage as a float32, their snapshots, and no ``done``."""
    _, operation = start(http, "Text Predictor")
    while ok(http.get(f"/v1/{operation}"))["metadata"].get("completedSteps", 0) < 2:
        clock.advance(0.1)
    answer = http.get(f"/v1/{operation}")

    expected = create_answer("text-predictor-<12>", "v1beta", 38)
    head, model = expected["metadata"], expected["metadata"].pop("tunedModel")
    progress = {"completedSteps": 2, "completedPercent": 5.263158, "snapshots": snapshots(2)}
    assert shape(answer.text) == layout({**expected, "metadata": {**head, **progress, "tunedModel": model}})


def test_permissions(http: FlaskClient, clock: ManualClock) -> None:
    """In July 2024 a permission of a group was created, read, changed, listed and deleted, on a cancelled model."""
    name, operation = start(http, "Text Predictor")
    clock.advance(2)
    http.post(f"/v1/{operation}:cancel")
    grants = f"/v1beta/{name}/permissions"

    def permission(kind: str, address: str, role: str) -> dict[str, str]:
        path = "tunedModels/text-predictor-<12>/permissions/<21>"
        return {"name": path, "granteeType": kind, "emailAddress": address, "role": role}

    reader, writer = permission("GROUP", GROUP, "READER"), permission("GROUP", GROUP, "WRITER")
    create = http.post(grants, json={"granteeType": "GROUP", "emailAddress": GROUP, "role": "READER"})
    path = f"/v1beta/{ok(create)['name']}"
    get = http.get(path)
    patch = http.patch(f"{path}?updateMask=role", json={"role": "WRITER"})
    page = http.get(grants)
    delete = http.delete(path)

    assert shape(create.text) == shape(get.text) == layout(reader)
    assert shape(patch.text) == layout(writer)
    owner = permission("USER", "developer@example.com", "OWNER")
    assert shape(page.text) == layout({"permissions": [owner, writer]})
    assert (delete.status_code, delete.text) == (200, "{}\n")
