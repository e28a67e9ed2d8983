"""Uses the public API as users do, for type checkers; no test runs it."""

# ruff: noqa: T201 - users print

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import google.auth.credentials
import requests

import tunedmodels
from tunedmodels import Client, errors


def create_clients(credentials: google.auth.credentials.Credentials) -> None:
    """Create clients in every way."""
    Client()
    Client("http://127.0.0.1:9480")
    Client(base_url="https://service.test", api_key="key", timeout=5)
    Client(credentials=credentials, quota_project="payer", session=requests.Session())
    Client(retry=None)
    Client(retry=tunedmodels.Retry(timeout=120, initial=0.5), polling=tunedmodels.Polling(1, maximum=30))
    waits: list[float] = []
    Client(sleep=waits.append)
    with Client(sleep=time.sleep, clock=lambda: 0.0) as client:
        url: str = client.base_url
        models: tunedmodels.TunedModels = client.tuned_models
        operations: tunedmodels.Operations = client.operations
        base_models: tunedmodels.Models = client.models
        print(url, models, operations, base_models)
        client.close()


def tune(client: Client, frame: Any) -> tunedmodels.TunedModel:
    """Start, watch and end a run."""
    pairs: list[tuple[str, str]] = [("1", "2")]
    lists: list[list[str]] = [["1", "2"]]
    dicts: list[dict[str, str]] = [{"text_input": "1", "output": "2"}]
    columns: dict[str, list[str]] = {"text_input": ["1"], "output": ["2"]}
    create = client.tuned_models.create
    create(base_model="m", training_data=dicts)
    create(base_model="m", training_data=lists)
    create(base_model="m", training_data=columns)
    create(base_model="m", training_data=frame)
    create(base_model="m", training_data=(pair for pair in pairs))
    create(base_model="m", training_data=Path("examples.csv"), input_key="question", output_key="answer")
    create(base_model="m", training_data="https://example.com/examples.jsonl")
    create(source_model="tunedModels/counter", training_data=pairs, learning_rate_multiplier=0.5)
    create(source_model=client.tuned_models.get("counter"), training_data=pairs)
    operation: tunedmodels.Operation = create(
        base_model="models/gemini-1.0-pro-001",
        training_data=pairs,
        tuned_model_id="counter",
        display_name="number generator",
        description="counts",
        epoch_count=5,
        batch_size=4,
        learning_rate=0.001,
        temperature=0.5,
        top_p=1,
        top_k=40,
        reader_project_numbers=range(2),
    )
    progress: Iterator[tunedmodels.CreateTunedModelMetadata] = operation.progress(timeout=60)
    for item in progress:
        percent: float = item.completed_percent
        loss: float = item.snapshots[-1].mean_loss
        print(percent, loss, item.total_steps + item.completed_steps, item.tuned_model.upper())
    if not operation.done():
        stops: bool = operation.cancel()
        print(stops, operation.cancelled())
    failure: tunedmodels.OperationFailed | None = operation.exception(timeout=1.5)
    if failure is not None:
        raise failure
    saved: Mapping[str, Any] = operation.to_json()
    print(saved["name"], operation.name.upper(), operation.metadata.snapshots)
    model: tunedmodels.TunedModel = operation.wait_bar(timeout=600, leave=False)
    operation.plot().set_title(model.display_name)
    return operation.result(timeout=600)


def resume(client: Client) -> None:
    """Get operations by name."""
    operation: tunedmodels.Operation = client.operations.get("tunedModels/m/operations/o")
    pager: tunedmodels.Pager[tunedmodels.Operation] = client.operations.list("m", page_size=5)
    names: list[str] = [one.name for one in client.operations.list()]
    client.operations.cancel(names[0])
    print(operation, next(iter(pager)).done())


def read(model: tunedmodels.TunedModel) -> None:
    """Read a model."""
    task: tunedmodels.TuningTask = model.tuning_task
    rates: tunedmodels.Hyperparameters = task.hyperparameters
    steps: tuple[tunedmodels.TuningSnapshot, ...] = task.snapshots
    rate: float | None = rates.learning_rate
    source: str = model.source_model
    state: tunedmodels.TunedModelState = model.state
    print(state == "ACTIVE", state is tunedmodels.TunedModelState.ACTIVE, state.is_known, state.upper())
    print(rate, source, sum(model.reader_project_numbers), model.unknown.get("newMember"))
    created: tunedmodels.Timestamp | None = model.create_time
    plain: datetime | None = created
    if created is not None and task.start_time is not None:
        waited: timedelta = task.start_time - created
        age: timedelta = datetime.now(timezone.utc) - created
        digits: int = created.nanosecond
        print(waited, age, digits, created < task.start_time, created.rfc3339(), plain)
        local: tunedmodels.Timestamp = created.astimezone(timezone(timedelta(hours=2))).replace(hour=0)
        print(local)
    print([step.compute_time for step in steps])
    text: dict[str, Any] = model.to_json()
    same: tunedmodels.TunedModel = tunedmodels.TunedModel.from_json(text)
    print(same, tunedmodels.Timestamp.parse("2024-07-31T06:58:20Z"))


def use(client: Client) -> str:
    """List, use, change, share and delete models."""
    pager: tunedmodels.Pager[tunedmodels.TunedModel] = client.tuned_models.list(page_size=10, filter="owner:me")
    pages: Iterator[tuple[tunedmodels.TunedModel, ...]] = pager.pages
    print(len(next(pages)), pager.next_page_token.upper())
    model: tunedmodels.TunedModel = next(iter(client.tuned_models.list(page_token=pager.next_page_token)))
    answer: tunedmodels.GenerateContentResponse = client.tuned_models.generate_content(model, "LXIII")
    reason: tunedmodels.FinishReason = answer.candidates[0].finish_reason
    print(reason.is_known, answer.prompt_feedback and answer.prompt_feedback.block_reason)
    turn = tunedmodels.Content(role="user", parts=(tunedmodels.Part(text="LXIII"),))
    chunks: Iterator[tunedmodels.GenerateContentResponse] = client.tuned_models.stream_generate_content(
        model.name,
        [turn],
        generation_config=tunedmodels.GenerationConfig(temperature=0, stop_sequences=("\n",)),
        safety_settings=[
            tunedmodels.SafetySetting(
                category=tunedmodels.HarmCategory.HARM_CATEGORY_HARASSMENT,
                threshold=tunedmodels.HarmBlockThreshold.BLOCK_NONE,
            )
        ],
        system_instruction="Count.",
        events=False,
    )
    client.tuned_models.generate_content(
        model,
        {"role": "user", "parts": ["LXIII"]},
        generation_config={"temperature": 0, "topK": 3},
        safety_settings=[{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
        system_instruction={"parts": "Count."},
    )
    print("".join(chunk.text for chunk in chunks))
    changed: tunedmodels.TunedModel = client.tuned_models.update(
        model, display_name="new", temperature=0.5, reader_project_numbers=[1]
    )
    share(client.tuned_models.permissions(changed))
    client.tuned_models.transfer_ownership(changed, "ada@example.com")
    client.tuned_models.delete(changed.name)
    return answer.text


def share(permissions: tunedmodels.Permissions) -> None:
    """Create, read, change and delete permissions."""
    everyone: tunedmodels.Permission = permissions.create("READER")
    permissions.create(tunedmodels.Role.WRITER, "ada@example.com")
    permissions.create("READER", email_address="team@example.com", grantee_type=tunedmodels.GranteeType.GROUP)
    role: tunedmodels.Role | None = permissions.get(everyone).role
    address: str | None = permissions.update(everyone.name, "WRITER").email_address
    permission_list: list[tunedmodels.Permission] = list(permissions.list(page_size=5))
    permissions.delete("everyone")
    print(role, address, permission_list)


def list_base_models(client: Client) -> None:
    """List base models."""
    tunable: tuple[tunedmodels.Model, ...] = client.models.tunable()
    model: tunedmodels.Model = client.models.get("gemini-1.0-pro-001")
    methods: tuple[str, ...] = model.supported_generation_methods
    names: list[str] = [item.name for item in client.models.list(page_size=50)]
    print(tunable, methods, names, model.is_tunable, model.input_token_limit + model.output_token_limit)


def catch(operation: tunedmodels.Operation) -> None:
    """Catch every error."""
    try:
        operation.result(timeout=60)
    except tunedmodels.NotFound as error:
        print(error.code + 1, error.status.lower(), error.message.lower(), error.details, error.hint)
        print(error.request and error.request.url, error.response and error.response.headers["date"])
    except tunedmodels.ResourceExhausted as error:
        time.sleep(error.retry_delay or 1)
        quotas: tuple[tunedmodels.QuotaViolation, ...] = error.quota_violations
        print([(quota.quota_id, quota.quota_value + 1) for quota in quotas], [link.url for link in error.links])
    except tunedmodels.InvalidArgument as error:
        violations: tuple[tunedmodels.FieldViolation, ...] = error.field_violations
        info: tunedmodels.ErrorInfo | None = error.error_info
        print([violation.field for violation in violations], info and info.metadata["service"])
    except tunedmodels.APIError as error:
        print(error.status)
    except errors.OperationFailed as error:
        print(error.operation.lower(), error.code + 1, error.status.lower(), error.message.lower())
    except tunedmodels.TransportError as error:
        print(error.retry_safety is tunedmodels.RetrySafety.LOST, error.request, error.response)
    except tunedmodels.CredentialsError as error:
        print(error.retry_safety)
    except tunedmodels.TrainingDataError as error:
        place: tuple[str | None, int | None, int | None, str | None] = (
            error.source,
            error.line,
            error.row,
            error.column,
        )
        print(place)
    except TimeoutError:
        print("not yet")
    except tunedmodels.TunedModelsError as error:
        print(error)
