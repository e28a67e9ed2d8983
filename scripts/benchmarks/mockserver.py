"""Starts our mock server by ``tunedmodels-mockserver serve``, as a user does, and fills it by its public API."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from .load import Request
from .server_process import ServerProcess, start

COMMAND = str(Path(sys.executable).with_name("tunedmodels-mockserver"))
JSON = {"Content-Type": "application/json"}
CREATE = "/v1beta/tunedModels"
CHUNKS = [f"word{number:02} " for number in range(20)]  # as long as the chunks of the peers
PROMPT = {"contents": [{"role": "user", "parts": [{"text": "the prompt of the benchmark, " + "word " * 150}]}]}


def serve(*options: str, core: int = 0) -> ServerProcess:
    """Start a server on a free port with *options* of ``serve``, and return it when it has printed READY."""
    return start([COMMAND, "serve", "--port", "0", "--seed", "1", *options], core=core)


@contextmanager
def server(*options: str) -> Iterator[ServerProcess]:
    """Serve during the block."""
    process = serve(*options)
    try:
        yield process
    finally:
        process.stop()


def training(examples: int = 20, epochs: int = 1, name: str = "") -> dict[str, Any]:
    """Return the body of a create call: one step per example and epoch."""
    rows = [{"textInput": str(number), "output": str(number + 1)} for number in range(examples)]
    return {
        "displayName": name or "benchmark",
        "baseModel": "models/gemini-1.0-pro-001",
        "tuningTask": {
            "trainingData": {"examples": {"examples": rows}},
            "hyperparameters": {"epochCount": epochs, "batchSize": 1, "learningRate": 0.001},
        },
    }


def call(url: str, method: str, path: str, body: object = None) -> Any:
    """Send a call, expect success, and return its answer."""
    response = requests.request(method, url + path, json=body, timeout=120)
    response.raise_for_status()
    return response.json()


def create(url: str, body: dict[str, Any]) -> str:
    """Create a tuned model and return the name of its operation, ``tunedModels/ID/operations/ID``."""
    return str(call(url, "POST", CREATE, body)["name"])


def finish(url: str) -> None:
    """Move the clock of a server with ``--clock manual`` to the end of all runs."""
    call(url, "POST", "/_emulator/clock", {"advance": "end"})


@dataclass(frozen=True, slots=True)
class Payloads:
    """The requests that every case sends to our server, and the bytes that peers serve in its place."""

    requests: dict[str, Request]
    bodies: dict[str, bytes]
    """The answers of our server by the name of the request."""


def fill(url: str, models: int = 10) -> Payloads:
    """Create finished models, and a rule for answers of twenty chunks, and return what can be requested."""
    names = [create(url, training(name=f"benchmark {number}")) for number in range(models)]
    finish(url)
    operation = names[len(names) // 2]
    model = operation.split("/operations/")[0]
    call(url, "POST", "/_emulator/canned", {"when": {"contains": "benchmark"}, "answer": {"chunks": CHUNKS}})
    prompt = json.dumps(PROMPT).encode()
    calls = {
        "operation": Request(f"/v1beta/{operation}"),
        "model": Request(f"/v1beta/{model}"),
        "list": Request("/v1beta/tunedModels?pageSize=10"),
        "generate": Request(f"/v1beta/{model}:generateContent", "POST", prompt, JSON),
        "create": Request(CREATE, "POST", json.dumps(training()).encode(), JSON),
        "stream": Request(f"/v1beta/{model}:streamGenerateContent?alt=sse", "POST", prompt, JSON),
    }
    return Payloads(calls, {name: body(url, request) for name, request in calls.items()})


def body(url: str, request: Request) -> bytes:
    """Send *request* once, expect success, and return the bytes of the answer."""
    response = requests.request(
        request.method, url + request.path, data=request.body or None, headers=request.headers, timeout=120
    )
    response.raise_for_status()
    return response.content


def options_for(store: str = "memory", tuning_time: float = 20) -> Sequence[str]:
    """Return the options of a server whose clock only calls move."""
    return ["--clock", "manual", "--tuning-time", str(tuning_time), "--store", store]
