"""The tuning tutorial runs with requests, a bearer token and a project, as its readers type it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import requests

from tunedmodels_mockserver.cli.demo import EXAMPLES

pytestmark = pytest.mark.clients

BASE_MODEL = "models/gemini-1.0-pro-001"
BODY = {
    "display_name": "number generator",
    "base_model": BASE_MODEL,
    "tuning_task": {
        "hyperparameters": {"batch_size": 4, "learning_rate": 0.001, "epoch_count": 5},
        "training_data": {
            "examples": {"examples": [{"text_input": text, "output": output} for text, output in EXAMPLES.items()]}
        },
    },
}


@pytest.fixture
def session(key: str) -> Iterator[requests.Session]:
    """A session that sends the tutorial's headers."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {key}/reader@example.com"
        session.headers["x-goog-user-project"] = "my-project-id"
        yield session


def generate(session: requests.Session, model: str, text: str) -> str:
    """Ask as the tutorial does, with a prompt that has no role."""
    answer = session.post(f"{model}:generateContent", json={"contents": [{"parts": [{"text": text}]}]}, timeout=10)
    answer.raise_for_status()
    return str(answer.json()["candidates"][0]["content"]["parts"][0]["text"])


def test_tutorial(session: requests.Session, url: str) -> None:
    """Every request of the tutorial works; its run takes a second of real time."""
    assert session.get(f"{url}/v1beta/tunedModels", timeout=10).json() == {}

    operation = session.post(f"{url}/v1beta/tunedModels", json=BODY, timeout=10).json()
    name = operation["metadata"]["tunedModel"]
    model = f"{url}/v1beta/{name}"
    assert name.startswith("tunedModels/number-generator-")
    assert operation["metadata"]["totalSteps"] == 19
    assert session.get(model, timeout=10).json()["state"] == "CREATING"

    percents = []
    deadline = time.monotonic() + 20
    while operation.get("response") is None and operation.get("error") is None:
        assert time.monotonic() < deadline, f"never ends: {operation}"
        time.sleep(0.1)
        operation = session.get(f"{url}/v1/{operation['name']}", timeout=10).json()
        metadata = operation["metadata"]
        percent = metadata.get("completedPercent")
        if percent is not None:
            percents.append(percent)
            assert metadata["snapshots"][-1]["step"] == metadata["completedSteps"]
    assert operation["done"] is True
    assert percents == sorted(percents)
    assert percents[0] < 100
    assert percents[-1] == 100

    tuned = session.get(model, timeout=10).json()
    snapshots = tuned["tuningTask"]["snapshots"]
    assert tuned["state"] == "ACTIVE"
    assert [snapshot["step"] for snapshot in snapshots] == list(range(1, 20))
    assert set(snapshots[-1]) == {"step", "epoch", "meanLoss", "computeTime"}

    questions = ["55", "123455", "four", "III", "七"]
    assert [generate(session, model, text) for text in questions] == ["56", "123456", "five", "IV", "八"]

    mask = {"updateMask": "description"}
    session.patch(model, json={"description": "counts"}, params=mask, timeout=10).raise_for_status()
    assert session.get(model, timeout=10).json()["description"] == "counts"

    assert session.delete(model, timeout=10).json() == {}
    answer = session.get(model, timeout=10)
    assert answer.status_code == 404
    assert answer.json() == {
        "error": {"code": 404, "message": f"Tuned model {name} does not exist.", "status": "NOT_FOUND"}
    }


def test_connection_serves_many_requests(session: requests.Session, polling_url: str) -> None:
    """One connection carries lists, refusals and streams, one after the other."""
    stream = f"{polling_url}/v1beta/models/gemini-1.5-flash:streamGenerateContent"
    for _ in range(3):
        assert session.get(f"{polling_url}/v1beta/tunedModels", timeout=10).status_code == 200
        assert session.get(f"{polling_url}/v1beta/tunedModels/none", timeout=10).status_code == 404
        answer = session.post(stream, json={"contents": [{"parts": [{"text": "Hello"}]}]}, timeout=10)
        assert answer.text.startswith("[{")
        assert answer.text.endswith("]")
