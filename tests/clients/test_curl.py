"""The tutorial's curl commands work, with snake_case and a comma after the last member."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed"),
]

CREATE = """
      {
        "display_name": "number generator model",
        "base_model": "models/gemini-1.0-pro-001",
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
                    "text_input": "1",
                    "output": "2",
                },{
                    "text_input": "twenty two",
                    "output": "twenty three",
                }
              ]
            }
          }
        }
      }"""
PROMPT = """
        {
          "contents": [{
          "parts": [{
            "text": "LXIII"
            }]
          }]
        }"""


@pytest.fixture
def curl(key: str) -> Callable[..., str]:
    """Run curl with the tutorial's headers and return what it prints."""

    def run(*arguments: str) -> str:
        headers = [
            "Content-Type: application/json",
            f"Authorization: Bearer {key}",
            "x-goog-user-project: my-project-id",
        ]
        options = [option for header in headers for option in ("-H", header)]
        command = ["curl", "--silent", "--show-error", "--max-time", "20", *options, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8").stdout

    return run


def test_tutorial_by_curl(curl: Callable[..., str], polling_url: str) -> None:
    """The tutorial's commands work as printed: list, create, poll, generate, delete."""
    collection = f"{polling_url}/v1beta/tunedModels"
    assert json.loads(curl("-X", "GET", collection)) == {}

    operation: dict[str, Any] = json.loads(curl("-X", "POST", collection, "-d", CREATE))
    name = operation["metadata"]["tunedModel"]
    model = f"{polling_url}/v1beta/{name}"
    assert name.startswith("tunedModels/number-generator-model-")
    assert operation["metadata"]["totalSteps"] == 5

    polls = 0
    while not operation.get("done"):
        polls += 1
        assert polls < 20, f"never ends: {operation}"
        operation = json.loads(curl("-X", "GET", f"{polling_url}/v1/{operation['name']}"))
    assert operation["response"]["name"] == name

    answer = json.loads(curl("-X", "POST", f"{model}:generateContent", "-d", PROMPT))
    assert answer["candidates"][0]["content"]["parts"] == [{"text": "LXIV"}]

    assert json.loads(curl("-X", "DELETE", model)) == {}
    assert json.loads(curl("-X", "GET", model))["error"]["status"] == "NOT_FOUND"


def test_state_is_on_a_line_of_its_own(curl: Callable[..., str], polling_url: str) -> None:
    """The server prints a member a line, so that ``| grep state`` finds one."""
    name = json.loads(curl(f"{polling_url}/v1beta/tunedModels", "-d", CREATE))["metadata"]["tunedModel"]

    printed = curl(f"{polling_url}/v1beta/{name}")

    assert [line.strip() for line in printed.splitlines() if "state" in line] == ['"state": "CREATING",']


def test_events_arrive_unbuffered(curl: Callable[..., str], polling_url: str, tuned_model: str) -> None:
    """With alt=sse a stream is a series of data lines, which curl prints as they come."""
    printed = curl("--no-buffer", f"{polling_url}/v1beta/{tuned_model}:streamGenerateContent?alt=sse", "-d", PROMPT)

    events = [line.removeprefix("data: ") for line in printed.splitlines() if line]
    texts = [json.loads(event)["candidates"][0]["content"]["parts"][0]["text"] for event in events]
    assert "".join(texts) == "LXIV"


def test_upload_of_a_large_body(curl: Callable[..., str], polling_url: str, tmp_path: Any) -> None:
    """A body of some megabytes, which curl announces with Expect: 100-continue, arrives whole."""
    rows = [{"text_input": f"question {number}", "output": "x" * 4000} for number in range(600)]
    body = {
        "display_name": "large",
        "base_model": "models/gemini-1.0-pro-001",
        "tuning_task": {
            "hyperparameters": {"batch_size": 600, "epoch_count": 1},
            "training_data": {"examples": {"examples": rows}},
        },
    }
    (tmp_path / "body.json").write_text(json.dumps(body))

    operation = json.loads(
        curl(f"{polling_url}/v1beta/tunedModels", "-H", "Expect: 100-continue", "-d", f"@{tmp_path}/body.json")
    )

    assert operation["metadata"]["totalSteps"] == 1
