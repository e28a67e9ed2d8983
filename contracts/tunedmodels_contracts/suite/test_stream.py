"""These clauses check the answer of a tuned model in chunks, as a JSON array or as server-sent events."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tunedmodels_contracts.clauses.clause import Cost, Level, Need, clause
from tunedmodels_contracts.harness.answer import Answer
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.tuning_runs import ObservedRun

STREAM = "tunedModels.streamGenerateContent"
INVALID, NOT_FOUND, DENIED = "400 INVALID_ARGUMENT", "404 NOT_FOUND", "403 PERMISSION_DENIED"
PROMPT: dict[str, Any] = {"contents": [{"parts": [{"text": "two hundred"}]}]}


def _check(chunks: list[Any]) -> None:
    """Assert that *chunks* are a model's answer with a text, and that the finish reason comes at the end."""
    assert chunks
    for chunk in chunks:
        for candidate in chunk["candidates"]:
            assert candidate.get("content", {"role": "model"})["role"] == "model"
    reasons = [candidate.get("finishReason") for chunk in chunks for candidate in chunk["candidates"]]
    assert reasons == [None] * (len(reasons) - 1) + ["STOP"] or reasons == ["STOP"] * len(reasons)
    texts = [
        part["text"]
        for chunk in chunks
        for candidate in chunk["candidates"]
        for part in candidate.get("content", {}).get("parts", [])
    ]
    assert "".join(texts)


def _events(answer: Answer) -> list[Any]:
    """Return the events of a stream, each parsed from the JSON of one line. Assert that the stream has nothing else."""
    answer_lines = [line for line in answer.text.splitlines() if line]
    assert all(line.startswith("data: ") for line in answer_lines), answer.text[:1000]
    return [json.loads(line.removeprefix("data: ")) for line in answer_lines]


@clause("stream/array", STREAM, cost=Cost.TUNING)
@pytest.mark.parametrize("version", ["v1beta", "v1"])
def test_array(api: Api, finished_run: ObservedRun, version: str) -> None:
    """By default a stream is one JSON array, and each entry is a chunk. Documented."""
    answer = api.post(f"{version}/{finished_run.name}:streamGenerateContent", PROMPT)
    chunks = answer.ok()

    assert isinstance(chunks, list)
    _check(chunks)
    assert answer.header("Content-Type") == "application/json; charset=UTF-8"


@clause("stream/events", STREAM, cost=Cost.TUNING)
@pytest.mark.parametrize("version", ["v1beta", "v1"])
@pytest.mark.parametrize("name", ["alt", "$alt"])
def test_events(api: Api, finished_run: ObservedRun, version: str, name: str) -> None:
    """With ``alt=sse`` a stream has one event for each chunk, a line of JSON, and no mark at the end. Documented."""
    answer = api.post(f"{version}/{finished_run.name}:streamGenerateContent", PROMPT, {name: "sse"})

    assert answer.status == 200
    _check(_events(answer))


@clause("stream/type-of-events", STREAM, level=Level.RECOMMENDED, cost=Cost.TUNING)
def test_type_of_events(api: Api, finished_run: ObservedRun) -> None:
    """A stream of events has the content type ``text/event-stream``. Inferred from what such streams are."""
    answer = api.post(f"v1beta/{finished_run.name}:streamGenerateContent", PROMPT, {"alt": "sse"})

    assert (answer.header("Content-Type") or "").partition(";")[0] == "text/event-stream"


@clause("stream/empty-line-after-each-event", STREAM, level=Level.RECOMMENDED, cost=Cost.TUNING)
def test_empty_line_after_each_event(api: Api, finished_run: ObservedRun) -> None:
    """An empty line follows each event, also the last one. Shown by a published answer."""
    answer = api.post(f"v1beta/{finished_run.name}:streamGenerateContent", PROMPT, {"alt": "sse"})
    text = answer.text.replace("\r\n", "\n")

    assert text.endswith("\n\n")
    assert len(text.split("\n\n")) == len(_events(answer)) + 1


@clause("stream/several-chunks", STREAM, level=Level.OPTIONAL, cost=Cost.TUNING)
def test_several_chunks(api: Api, finished_run: ObservedRun) -> None:
    """An answer of several words comes in two or more chunks. Seen through Google's clients in 2024."""
    assert len(api.post(f"v1beta/{finished_run.name}:streamGenerateContent", PROMPT).ok()) > 1


@clause("stream/refused-array", STREAM, outcome=INVALID, cost=Cost.TUNING)
def test_refused_array(api: Api, finished_run: ObservedRun) -> None:
    """The error for a stream as an array is in an array, too. Reported by users, with no answer kept."""
    answer = api.post(f"v1beta/{finished_run.name}:streamGenerateContent", {})

    assert isinstance(answer.json, list)
    assert answer.assert_error(400, "INVALID_ARGUMENT").message == (
        "* GenerateContentRequest.contents: contents is not specified\n"
    )


@clause("stream/refused-events", STREAM, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.TUNING)
def test_refused_events(api: Api, finished_run: ObservedRun) -> None:
    """The error for a stream of events is an object, as for any other method. Shown by a published answer."""
    answer = api.post(f"v1beta/{finished_run.name}:streamGenerateContent", {}, {"alt": "sse"})

    assert isinstance(answer.json, dict)
    answer.assert_error(400, "INVALID_ARGUMENT")


@clause("stream/not-ready", STREAM, outcome=INVALID, cost=Cost.TUNING)
def test_not_ready(api: Api, in_creation: str) -> None:
    """A model in creation is not ready to use, and the error says so in a fixed message. Observed in 2024 and 2025."""
    error = api.post(f"v1beta/{in_creation}:streamGenerateContent", PROMPT).assert_error(400, "INVALID_ARGUMENT")

    assert error.message == f"Tuned model {in_creation} is not ready to use."


@clause("stream/missing-model", STREAM, outcome=f"{DENIED} or {NOT_FOUND}", level=Level.RECOMMENDED, cost=Cost.FREE)
def test_missing_model(api: Api, new_id: Callable[[], str]) -> None:
    """A model that does not exist is not found or forbidden. Both were reported in 2025, for generate."""
    answer = api.post(f"v1beta/tunedModels/{new_id()}:streamGenerateContent", PROMPT)

    assert answer.status in (403, 404)
    answer.assert_error(answer.status, "PERMISSION_DENIED" if answer.status == 403 else "NOT_FOUND")


@clause("stream/model-of-another-user", STREAM, outcome=DENIED, cost=Cost.TUNING, needs=[Need.SECOND_CALLER])
def test_model_of_another_user(other_api: Api, finished_run: ObservedRun) -> None:
    """Another user's model is forbidden, with a fixed message. Observed in 2024, for generate."""
    error = other_api.post(f"v1beta/{finished_run.name}:streamGenerateContent", PROMPT).assert_error(
        403, "PERMISSION_DENIED"
    )

    assert error.message == f"You do not have permission to access tuned model {finished_run.name}."
