"""Answers of the service, reproduced: the same members in the same order, numbers and times in the same form.

Each test brings the fake into the situation of a recorded call of 2023 or 2024. What is compared is the text of the
body, once what differs from run to run (ids, losses, times) has given way to a placeholder that tells its form.
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
    """*text* with placeholders for ids, which tell how long they are, and for times and losses."""

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
    """Whether *text* is the shortest decimal that reads back as some float32, as the service writes it."""

    def single(decimal: str) -> float:
        return float(struct.unpack("f", struct.pack("f", float(decimal)))[0])

    value = single(text)
    digits = len(re.sub(r"e.*|[-.]", "", text).lstrip("0"))
    return text == f"{value:.{digits}g}" and (digits == 1 or single(f"{value:.{digits - 1}g}") != value)


def written(value: Any) -> str:
    """*value* as the service lays a body out."""
    return json.dumps(value, indent=2).replace(f'"{LOSS}"', LOSS) + "\n"


def job(display_name: str, base_model: str) -> dict[str, Any]:
    """The recorded create call: 15 examples, 5 epochs, batches of 2."""
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
    """The first steps on 15 examples in batches of 2: an epoch is named from the first on, not before."""
    epochs = [{"epoch": step * 2 // 15} if step * 2 >= 15 else {} for step in range(1, count + 1)]
    return [
        {"step": step, **epoch, "meanLoss": LOSS, "computeTime": NANOS} for step, epoch in enumerate(epochs, start=1)
    ]


def active_model(name: str, display_name: str) -> dict[str, Any]:
    """A finished gemini-1.0-pro-001 model as July 2024 showed it."""
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


def created(model: str, version: str, steps: int) -> dict[str, Any]:
    metadata = {"@type": metadata_type(version), "totalSteps": steps, "tunedModel": f"tunedModels/{model}"}
    return {"name": f"tunedModels/{model}/operations/<12>", "metadata": metadata}


def test_create_on_flash(http: FlaskClient) -> None:
    """August 2024: an operation with its name, totalSteps and the model's name; the id has 40 characters."""
    answer = http.post("/v1beta/tunedModels", json=job("Saloon Next Number Generator Test", FLASH))

    expected = created("saloon-next-number-generator-test-<6>", "v1beta", 38)
    assert shape(answer.text) == written(expected)


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
    """The tutorials of 2023 and 2024: snake_case and trailing commas go in, the bytes that curl counted come out."""
    body = re.sub(r"(?<=[\"\d])(?=})", ",", json.dumps(tutorial(**changes)))
    assert body.count(",}") == 16
    answer = http.post(f"/{version}/tunedModels", data=body, content_type="application/json")

    assert shape(answer.text) == written(created("number-generator-model-<12>", version, steps))
    assert len(answer.data) == size


def test_get_while_creating(http: FlaskClient, clock: ManualClock, tutorial: Tutorial) -> None:
    """September 2023: a model that has begun and shows no step yet, in the 494 bytes that curl counted."""
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
    assert shape(answer.text) == written(expected)
    assert len(answer.data) == 494


def test_get_and_list_when_active(http: FlaskClient, clock: ManualClock) -> None:
    """July 2024: all 38 snapshots, topP 1 and topK 0 printed, no description; the list has the same, and no token."""
    name, _ = start(http, "Next Number Generator")
    clock.advance(60)

    expected = active_model("tunedModels/next-number-generator-<12>", "Next Number Generator")
    assert shape(http.get(f"/v1beta/{name}").text) == written(expected)
    assert shape(http.get("/v1beta/tunedModels").text) == written({"tunedModels": [expected]})


def test_patch(http: FlaskClient) -> None:
    """August 2024: the two members of the mask and nothing else."""
    name, _ = start(http, "Number Predictor")
    changes = {"displayName": "Sentence Translator", "description": "My next sequence predictor"}
    answer = http.patch(f"/v1beta/{name}?updateMask=displayName,description", json=changes)

    assert answer.text == written(changes)


def test_delete(http: FlaskClient) -> None:
    """July 2024: an empty object and a line's end."""
    name, _ = start(http, "Next Number Generator")
    answer = http.delete(f"/v1beta/{name}")

    assert (answer.status_code, answer.text) == (200, "{}\n")


def test_generate(http: FlaskClient, clock: ManualClock) -> None:
    """July 2024: one candidate with four ratings, then the usage; no promptFeedback and no modelVersion."""
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
    assert answer.text == written({"candidates": [candidate], "usageMetadata": usage})


def test_transfer_ownership(http: FlaskClient) -> None:
    """July 2024: an empty object."""
    name, _ = start(http, "Saloon Next Number Generator Test")
    answer = http.post(f"/v1beta/{name}:transferOwnership", json={"emailAddress": GROUP})

    assert (answer.status_code, answer.text) == (200, "{}\n")


def test_a_running_operation(http: FlaskClient, clock: ManualClock) -> None:
    """July 2024, on v1: two of 38 steps, their share as a float32, their snapshots, and no ``done``."""
    _, operation = start(http, "Text Predictor")
    while ok(http.get(f"/v1/{operation}"))["metadata"].get("completedSteps", 0) < 2:
        clock.advance(0.1)
    answer = http.get(f"/v1/{operation}")

    expected = created("text-predictor-<12>", "v1beta", 38)
    head, model = expected["metadata"], expected["metadata"].pop("tunedModel")
    progress = {"completedSteps": 2, "completedPercent": 5.263158, "snapshots": snapshots(2)}
    assert shape(answer.text) == written({**expected, "metadata": {**head, **progress, "tunedModel": model}})


def test_cancel(http: FlaskClient, clock: ManualClock) -> None:
    """July 2024, on v1: an empty object."""
    _, operation = start(http, "Text Predictor")
    clock.advance(2)
    answer = http.post(f"/v1/{operation}:cancel", json={})

    assert (answer.status_code, answer.text) == (200, "{}\n")


def test_permissions(http: FlaskClient, clock: ManualClock) -> None:
    """July 2024, on a cancelled model: create, get, patch and list a group's permission, then delete it."""
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
    listed = http.get(grants)
    delete = http.delete(path)

    assert shape(create.text) == shape(get.text) == written(reader)
    assert shape(patch.text) == written(writer)
    owner = permission("USER", "developer@example.com", "OWNER")
    assert shape(listed.text) == written({"permissions": [owner, writer]})
    assert (delete.status_code, delete.text) == (200, "{}\n")
