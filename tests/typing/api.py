"""The public API as users use it. Type checkers read this; nothing runs it."""

# ruff: noqa: T201 - users print

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

import google.auth.credentials
import requests

import tunedmodels
from tunedmodels import Client, errors


def make(credentials: google.auth.credentials.Credentials) -> None:
    """Make clients in every way."""
    Client()
    Client("http://127.0.0.1:9480")
    Client(base_url="https://service.test", api_key="key", timeout=5)
    Client(credentials=credentials, session=requests.Session())
    with Client(sleep=time.sleep, clock=lambda: 0.0) as client:
        url: str = client.base_url
        print(url)


def tune(client: Client) -> tunedmodels.TunedModel:
    """Start, watch and end a run."""
    pairs: list[tuple[str, str]] = [("1", "2")]
    dicts: list[dict[str, str]] = [{"text_input": "1", "output": "2"}]
    client.tuned_models.create(base_model="m", training_data=dicts)
    client.tuned_models.create(base_model="m", training_data=(pair for pair in pairs))
    operation: tunedmodels.Operation = client.tuned_models.create(
        base_model="models/gemini-1.0-pro-001",
        training_data=pairs,
        tuned_model_id="counter",
        display_name="number generator",
        description="counts",
        epoch_count=5,
        batch_size=4,
        learning_rate=0.001,
    )
    progress: Iterator[tunedmodels.CreateTunedModelMetadata] = operation.progress()
    for item in progress:
        percent: float = item.completed_percent
        loss: float = item.snapshots[-1].mean_loss
        print(percent, loss, item.total_steps + item.completed_steps, item.tuned_model.upper())
    if not operation.done():
        operation.cancel()
    return operation.result(timeout=600)


def use(client: Client, model: tunedmodels.TunedModel) -> str:
    """Read a model and ask it."""
    task: tunedmodels.TuningTask = model.tuning_task
    rates: tunedmodels.Hyperparameters = task.hyperparameters
    steps: tuple[tunedmodels.TuningSnapshot, ...] = task.snapshots
    created: datetime | None = model.create_time
    print(model.state == "ACTIVE", created, rates.learning_rate, [step.compute_time for step in steps])
    names: list[str] = [listed.name for listed in client.tuned_models.list(page_size=10, filter="owner:me")]
    same: tunedmodels.TunedModel = client.tuned_models.get(names[0])
    answer: tunedmodels.GenerateContentResponse = client.tuned_models.generate_content(same.name, "LXIII")
    client.tuned_models.delete(same.name)
    return answer.text


def catch(operation: tunedmodels.Operation) -> None:
    """Catch what can go wrong."""
    try:
        operation.result(timeout=60)
    except tunedmodels.NotFound as error:
        print(error.code + 1, error.status.lower(), error.message.lower(), error.details, error.response)
    except errors.OperationFailed as error:
        print(error.operation.lower(), error.code + 1, error.status.lower(), error.message.lower())
    except TimeoutError:
        print("not yet")
    except tunedmodels.TunedModelsError as error:
        print(error)
