"""google-genai, Google's present Python SDK, works against the mock server with an API key.

These tests leave out what the SDK itself cannot do: ``tunings.list`` (since 1.74 it raises before it sends anything),
``operations.get`` of a tuning operation (it has no parser for one), credentials other than a key.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

if TYPE_CHECKING:
    from google.genai import Client
    from google.genai.types import (
        CreateTuningJobConfigDict,
        GenerateVideosOperation,
        TuningDatasetDict,
        TuningJob,
    )

pytestmark = [
    pytest.mark.clients,
    pytest.mark.filterwarnings("ignore:The SDK's tuning implementation is experimental"),
]

BASE_MODEL = "models/gemini-1.0-pro-001"
DATASET: TuningDatasetDict = {
    "examples": [{"text_input": "1", "output": "2"}, {"text_input": "ping", "output": "pong"}]
}
# Since 1.47 the client drops the dataset; with this extra body it arrives.
DATASET_AGAIN = {"tuningTask": {"trainingData": {"examples": DATASET}}}


def make_client(url: str, key: str, version: str | None = None) -> Client:
    """Return a client as a user makes it; without a version it takes its own."""
    from google.genai import Client

    return Client(api_key=key, http_options={"base_url": url, "api_version": version})


@pytest.fixture
def client(polling_url: str, key: str) -> Iterator[Client]:
    """A client of the polling server, under the client's own API version."""
    with make_client(polling_url, key) as client:
        yield client


def config(display_name: str = "counter") -> CreateTuningJobConfigDict:
    """Return settings of a short run, with the data that the client would drop."""
    return {
        "tuned_model_display_name": display_name,
        "epoch_count": 3,
        "batch_size": 2,
        "learning_rate": 0.01,
        "http_options": {"extra_body": DATASET_AGAIN},
    }


def tune(client: Client, display_name: str = "counter") -> str:
    """Start a run and return the model's name."""
    job = client.tunings.tune(base_model=BASE_MODEL, training_dataset=DATASET, config=config(display_name))
    assert job.name
    return str(job.name)


def poll_to_end(client: Client, name: str) -> list[TuningJob]:
    """Poll a job to its end as users do, and return each answer."""
    jobs = [client.tunings.get(name=name)]
    while not jobs[-1].has_ended:
        assert len(jobs) < 20, f"never ends: {jobs[-1]}"
        jobs.append(client.tunings.get(name=name))
    return jobs


@pytest.fixture
def operation_of(polling_url: str, key: str) -> Callable[[str], str]:
    """The name of a model's operation, which the SDK does not show."""

    def find(name: str) -> str:
        answer = requests.get(f"{polling_url}/v1beta/{name}/operations", {"key": key}, timeout=10)
        (operation,) = answer.json()["operations"]
        return str(operation["name"])

    return find


def read_operation(client: Client, name: str) -> GenerateVideosOperation:
    """Read an operation as a video's: no other type of the SDK fits."""
    from google.genai.types import GenerateVideosOperation

    return client.operations.get(GenerateVideosOperation.model_validate({"name": name}))


@pytest.mark.parametrize("version", [None, "v1beta"], ids=["default", "v1beta"])
def test_job_is_queued_runs_and_succeeds(polling_url: str, key: str, version: str | None) -> None:
    """A job is queued, runs and succeeds, under the SDK's own API version and v1beta. The model has its data."""
    from google.genai.types import JobState

    with make_client(polling_url, key, version) as client:
        job = client.tunings.tune(base_model=BASE_MODEL, training_dataset=DATASET, config=config("Number generator"))
        name = job.name or ""
        first, *_, last = poll_to_end(client, name)
        answer = client.models.generate_content(model=name, contents="ping")

    assert job.state is JobState.JOB_STATE_QUEUED
    assert name.startswith("tunedModels/number-generator-")
    assert first.state is JobState.JOB_STATE_RUNNING
    assert first.start_time is not None
    assert first.end_time is None
    assert last.state is JobState.JOB_STATE_SUCCEEDED
    assert last.end_time is not None
    assert last.end_time > first.start_time
    assert last.base_model == BASE_MODEL
    assert last.tuned_model is not None
    assert last.tuned_model.model == name
    assert answer.text == "pong"


def test_tune_without_the_dropped_data(client: Client) -> None:
    """The plain tune call, whose dataset the SDK drops, starts a run too."""
    job = client.tunings.tune(
        base_model=BASE_MODEL, training_dataset=DATASET, config={"tuned_model_display_name": "counter"}
    )

    assert job.name is not None
    assert poll_to_end(client, job.name)[-1].has_succeeded


def test_strict_server_refuses_the_call_without_data(strict_url: str, key: str) -> None:
    """A strict server refuses the plain tune call, which has no data, as the service does."""
    from google.genai.errors import ClientError

    without: CreateTuningJobConfigDict = {"tuned_model_display_name": "counter", "epoch_count": 3}
    with make_client(strict_url, key, "v1beta") as client, pytest.raises(ClientError) as caught:
        client.tunings.tune(base_model=BASE_MODEL, training_dataset=DATASET, config=without)

    assert (caught.value.code, caught.value.status) == (400, "INVALID_ARGUMENT")
    assert "training_data is not specified" in (caught.value.message or "")


def test_strict_server_accepts_the_data(strict_url: str, key: str) -> None:
    """With the data in extra_body and v1beta as the version, nothing needs an allowance."""
    with make_client(strict_url, key, "v1beta") as client:
        assert poll_to_end(client, tune(client))[-1].has_succeeded


def test_strict_server_has_no_tuned_models_under_v1(strict_url: str, key: str) -> None:
    """A strict server answers 404 to what the client sends under its own version, v1."""
    from google.genai.errors import ClientError

    with make_client(strict_url, key, "v1") as client, pytest.raises(ClientError) as caught:
        client.tunings.get(name="tunedModels/counter")

    assert caught.value.code == 404


@pytest.mark.parametrize("by", ["job", "operation"])
def test_cancel_ends_the_run(client: Client, operation_of: Callable[[str], str], by: str) -> None:
    """tunings.cancel, given the job's name or the operation's, ends the operation with the error CANCELLED."""
    name = tune(client)
    operation_name = operation_of(name)
    client.tunings.cancel(name=name if by == "job" else operation_name)

    operation = read_operation(client, operation_name)

    assert operation.done
    assert operation.error is not None
    assert operation.error["code"] == 1


def test_operation_shows_the_progress(client: Client, operation_of: Callable[[str], str]) -> None:
    """The operation shows its model, its steps and its snapshots."""
    name = tune(client)
    poll_to_end(client, name)

    operation = read_operation(client, operation_of(name))

    assert operation.done
    assert operation.metadata is not None
    assert operation.metadata["tunedModel"] == name
    assert operation.metadata["completedPercent"] == 100
    assert [snapshot["step"] for snapshot in operation.metadata["snapshots"]] == [1, 2, 3]


def test_list_pages_through_tuned_models(client: Client) -> None:
    """models.list with query_base False reads every page, in order of creation; without models it is empty."""
    assert list(client.models.list(config={"query_base": False})) == []
    names = [tune(client, f"model {number}") for number in range(3)]

    pager = client.models.list(config={"query_base": False, "page_size": 2})

    assert [model.name for model in pager.page] == names[:2]
    assert [model.name for model in pager] == names


def test_list_of_base_models(client: Client) -> None:
    """models.list without query_base gives the base models, those that can be tuned among them."""
    models = {model.name: model.supported_actions or [] for model in client.models.list()}

    assert "createTunedModel" in models[BASE_MODEL]
    assert "createTunedModel" not in models["models/gemini-2.5-flash"]


def test_a_current_base_model_answers(client: Client) -> None:
    """gemini-2.5-flash generates, streams and counts, by its short name."""
    answer = client.models.generate_content(model="gemini-2.5-flash", contents="Say yes.")
    chunks = client.models.generate_content_stream(model="gemini-2.5-flash", contents="Say yes.")

    assert answer.text
    assert "".join(chunk.text or "" for chunk in chunks) == answer.text
    assert client.models.count_tokens(model="gemini-2.5-flash", contents="count me").total_tokens == 3


def test_embeddings_are_not_implemented(client: Client) -> None:
    """A method of the API that the server does not have is a ServerError with a status."""
    from google.genai.errors import ServerError

    with pytest.raises(ServerError) as refusal:
        client.models.embed_content(model="text-embedding-004", contents="x")
    assert (refusal.value.code, refusal.value.status) == (501, "UNIMPLEMENTED")


def test_models_get_reads_a_tuned_model(client: Client, tuned_model: str) -> None:
    """models.get shows a tuned model with its base model, times and sampling values."""
    model = client.models.get(model=tuned_model)

    assert (model.name, model.display_name) == (tuned_model, "counter")
    assert model.tuned_model_info is not None
    assert model.tuned_model_info.base_model == BASE_MODEL
    assert model.tuned_model_info.create_time is not None
    assert model.temperature == pytest.approx(0.9)


def test_models_update_changes_only_its_members(client: Client, tuned_model: str) -> None:
    """models.update, which sends no mask, changes the members of its body and no others."""
    client.models.update(model=tuned_model, config={"description": "counts"})

    model = client.models.get(model=tuned_model)

    assert (model.description, model.display_name) == ("counts", "counter")


def test_models_delete_removes_the_model(client: Client, tuned_model: str) -> None:
    """After models.delete the server answers 404 with the service's sentence."""
    from google.genai.errors import ClientError

    client.models.delete(model=tuned_model)

    with pytest.raises(ClientError) as caught:
        client.models.get(model=tuned_model)
    assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND")
    assert caught.value.message == f"Tuned model {tuned_model} does not exist."


def test_generate_content_answers_whole(client: Client, tuned_model: str) -> None:
    """generate_content gives the text, the finish reason and the usage."""
    from google.genai.types import FinishReason

    answer = client.models.generate_content(
        model=tuned_model, contents="1", config={"temperature": 0, "top_k": 3, "candidate_count": 1}
    )

    assert answer.text == "2"
    assert answer.candidates is not None
    assert answer.candidates[0].finish_reason is FinishReason.STOP
    assert answer.usage_metadata is not None
    assert answer.usage_metadata.total_token_count == 2


def test_generate_content_stream_arrives_in_chunks(client: Client, tuned_model: str) -> None:
    """generate_content_stream gives the same text in chunks, the last one with the finish reason."""
    from google.genai.types import FinishReason

    whole = client.models.generate_content(model=tuned_model, contents="What now?").text
    chunks = list(client.models.generate_content_stream(model=tuned_model, contents="What now?"))

    assert len(chunks) > 1
    assert "".join(chunk.text or "" for chunk in chunks) == whole
    reasons = [chunk.candidates[0].finish_reason for chunk in chunks if chunk.candidates]
    assert reasons == [None] * (len(chunks) - 1) + [FinishReason.STOP]


def test_chat_answers_each_turn(client: Client, tuned_model: str) -> None:
    """A chat, which sends the whole conversation each time, gets an answer to its last turn."""
    chat = client.chats.create(model=tuned_model)

    assert [chat.send_message(text).text for text in ("1", "3")] == ["2", "4"]
    assert len(chat.get_history()) == 4


def test_generation_before_the_model_is_ready(client: Client) -> None:
    """A model that is still being tuned answers 400, also to a stream."""
    from google.genai.errors import ClientError

    name = tune(client)

    with pytest.raises(ClientError) as whole:
        client.models.generate_content(model=name, contents="1")
    with pytest.raises(ClientError) as streamed:
        list(client.models.generate_content_stream(model=name, contents="1"))
    for caught in (whole.value, streamed.value):
        assert (caught.code, caught.status) == (400, "INVALID_ARGUMENT")
        assert caught.message == f"Tuned model {name} is not ready to use."


def test_bearer_token_by_header(polling_url: str, key: str) -> None:
    """A bearer token in the extra headers identifies the caller; the key beside it does not."""
    from google.genai import Client
    from google.genai.errors import ClientError

    headers = {"Authorization": f"Bearer {key}/alice@example.com"}
    with Client(api_key="unused", http_options={"base_url": polling_url, "headers": headers}) as alice:
        name = tune(alice)
    with make_client(polling_url, key) as other, pytest.raises(ClientError) as caught:
        other.models.get(model=name)

    assert caught.value.code == 403


def test_base_url_from_the_environment(
    polling_url: str, key: str, tuned_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two environment variables send a program without configuration to the mock server."""
    from google.genai import Client

    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", polling_url)
    monkeypatch.setenv("GOOGLE_API_KEY", key)
    with Client() as client:
        assert client.models.generate_content(model=tuned_model, contents="3").text == "4"


def test_exec_needs_no_code_and_causes_no_warning(tmp_path: Path) -> None:
    """exec sends a program that names no server and no key to the mock server, not to a proxy, without real keys."""
    program = tmp_path / "app.py"
    program.write_text(
        "import logging\n"
        "from google import genai\n"
        "logging.basicConfig()\n"
        "client = genai.Client()\n"
        "print(next(iter(client.models.list())).name)\n"
    )
    environment = {**os.environ, "GEMINI_API_KEY": "real", "GOOGLE_API_KEY": "real", "HTTP_PROXY": "http://127.0.0.1:1"}
    command = [sys.executable, "-m", "tunedmodels_mockserver", "exec", "--", sys.executable, str(program)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert (run.returncode, run.stdout[:7]) == (0, "models/")
    assert "API_KEY" not in run.stderr


@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")  # the client's own
@pytest.mark.parametrize("aiohttp", [True, False], ids=["aiohttp", "no aiohttp"])
def test_async_half_does_the_same(polling_url: str, key: str, aiohttp: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same calls by the asynchronous client: tune, get, list, generate, stream, count, update, delete."""
    from google.genai import _api_client
    from google.genai.errors import ClientError

    assert _api_client.has_aiohttp
    monkeypatch.setattr(_api_client, "has_aiohttp", aiohttp)

    async def run(client: Client) -> tuple[str, list[str | None], int, list[str | None], ClientError]:
        async with client.aio as aio:
            job = await aio.tunings.tune(base_model=BASE_MODEL, training_dataset=DATASET, config=config())
            name = job.name or ""
            for _ in range(20):
                if (await aio.tunings.get(name=name)).has_ended:
                    break
            whole = (await aio.models.generate_content(model=name, contents="ping")).text or ""
            stream = await aio.models.generate_content_stream(model=name, contents="ping")
            streamed = [chunk.text async for chunk in stream]
            count = (await aio.models.count_tokens(model=name, contents="ping")).total_tokens or 0
            await aio.models.update(model=name, config={"display_name": "renamed"})
            names = [model.display_name async for model in await aio.models.list(config={"query_base": False})]
            await aio.models.delete(model=name)
            with pytest.raises(ClientError) as caught:
                await aio.models.get(model=name)
            return whole, streamed, count, names, caught.value

    with make_client(polling_url, key) as client:
        whole, streamed, count, names, error = asyncio.run(run(client))

    assert (whole, streamed, count, names) == ("pong", ["pong"], 1, ["renamed"])
    assert error.code == 404
