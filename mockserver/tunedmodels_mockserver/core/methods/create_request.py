"""Turns a create request into the record of a new tuned model, with all checks and defaults.

Limits and defaults are documented. Wordings without a source are invented (see ``core/errors.py``).
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from math import copysign
from typing import Any

import msgspec
from msgspec.structs import replace

from ...wire.protojson.numbers import float32
from ...wire.units import SECOND
from .. import errors, random_draws
from ..base_models import BaseModel
from ..resource_names import TUNED_MODELS
from ..runs import view
from ..runs.losses import Curve
from ..runs.plan import Plan
from ..runs.script import DEFAULT_RUN, Run
from ..state.records import MAX_CHECKED_EXAMPLES, Examples, GranteeType, Permission, Role, TunedModelRecord
from ..text import tokens
from . import access, ids
from .request_context import RequestContext

Value = dict[str, Any]

MAX_DISPLAY_NAME = 40  # bytes of UTF-8, as observed
MAX_TEXT_INPUT = 40_000  # characters, documented
MAX_OUTPUT = 5_000  # characters, documented
MAX_STEPS = 100_000  # ours: the size of a poll's answer grows with it, some 150 bytes a step
_MIN_RATE = 1.0e-44  # a float32 that is not zero; a multiplier may ask for less
EXAMPLES_WHEN_DROPPED = 20  # the minimum in the documentation
_MAX_SHARED = 32_000  # characters of training data that models share

_REQUEST = "CreateTunedModelRequest"
_HYPERPARAMETERS = "tuned_model.tuning_task.hyperparameters"
_DATA = "tuned_model.tuning_task.training_data"


class _Defaults(msgspec.Struct, frozen=True):
    """The defaults of a version. The second batch size and rate apply from ``MANY_EXAMPLES`` examples on."""

    epoch_count: int
    batch_sizes: tuple[int, int]
    learning_rates: tuple[float, float]


# The values come from the protos. The number of examples at which they change is invented (626 rows had the second of
# each).
MANY_EXAMPLES = 500
_DEFAULTS = _Defaults(5, (4, 16), (0.001, 0.0002))
_DEFAULTS_OF_2023 = _Defaults(10, (16, 64), (0.002, 0.0002))


class _TrainingData(msgspec.Struct, frozen=True):
    """Training examples with their number, and what the losses depend on."""

    examples: Examples
    count: int
    seed: int
    answer_tokens: float


def new_record(call: RequestContext, model_id: str, model: Value, run: Run = DEFAULT_RUN) -> TunedModelRecord:
    """Return the record for a create call. Raise StatusError if the service would refuse the call.

    If *model_id* is empty, the id is generated. *model* is the request's TunedModel. *run* has the events of the run,
    from its creation on.
    """
    if not model_id and not model.get("display_name"):
        raise errors.no_name()
    if model_id and not ids.GIVEN_ID.fullmatch(model_id):
        text = f"tuned_model_id must match the regular expression `{ids.GIVEN_ID.pattern}`"
        raise errors.invalid(_REQUEST, "tuned_model_id", text)
    check_display_name(model.get("display_name", ""))
    base, source = _origin(call, model)
    task = model.get("tuning_task")
    if task is None:
        # Clients that drop the data send no task at all if their user chose no hyperparameters.
        if not call.allowances.permit("no-training-data"):
            raise errors.not_specified(_REQUEST, "tuned_model.tuning_task")
        task = {}
    data = _training_data(call, task)
    epochs, batch_size, learning_rate = _hyperparameters(call, task.get("hyperparameters", {}), data.count)
    steps = view.total_steps(data.count, epochs, batch_size)
    if steps > MAX_STEPS:
        text = f"epoch_count x examples / batch_size must not exceed {MAX_STEPS} steps, got {steps}"
        raise errors.invalid(_REQUEST, f"{_HYPERPARAMETERS}.epoch_count", text)
    check_sampling(_REQUEST, model)

    world = call.world
    draw = world.draw()
    curve = Curve(
        data_seed=data.seed,
        run_seed=random_draws.bits(world.seed, "run", draw),
        base_model=base.name,
        examples=data.count,
        batch_size=batch_size,
        learning_rate=learning_rate,
        answer_tokens=data.answer_tokens,
        shape=run.shape,
    )
    pace = world.controls.pace
    plan = Plan(
        created=call.now,
        queue=pace.queue,
        length=pace.length(steps),
        total_steps=steps,
        curve=curve,
        script=run.script,
        model_lag=round(run.model_lag * SECOND),
        list_lag=round(run.list_lag * SECOND),
    )
    return TunedModelRecord(
        id=model_id or ids.model_id(model["display_name"], world.seed, draw),
        sequence=draw,
        version=call.version,
        operation_id=ids.operation_id(world.seed, draw),
        permissions=_owner_permissions(call.caller.email),
        display_name=model.get("display_name", ""),
        description=model.get("description", ""),
        base_model=base.name,
        source=source,
        **sampling(base, model),
        reader_project_numbers=tuple(model.get("reader_project_numbers", ())),
        epoch_count=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        examples=data.examples,
        plan=plan,
    )


def check_display_name(display_name: str) -> None:
    """Raise StatusError for a display name of more than 40 bytes. The service counts bytes (observed)."""
    if len(display_name.encode()) > MAX_DISPLAY_NAME:
        raise errors.invalid_argument()


def check_sampling(request: str, model: Value) -> None:
    """Raise StatusError for sampling values out of range: temperature and top_p in [0, 1], top_k from 0."""
    for name in ("temperature", "top_p"):
        if not 0.0 <= model.get(name, 0.0) <= 1.0:
            raise errors.invalid(request, f"tuned_model.{name}", f"{name} must be in the range [0.0, 1.0]")
    if model.get("top_k", 0) < 0:
        raise errors.invalid(request, "tuned_model.top_k", "top_k must not be negative")


def sampling(base: BaseModel, model: Value) -> dict[str, Any]:
    """Return temperature, top_p and top_k of *model*, each with the base model's value as its default.

    A gemini-1.0-pro-001 of mid-2024 had no top_k, and the models tuned on it showed 0 (observed).
    """
    return {
        "temperature": _setting(model.get("temperature", 1.0 if base.temperature is None else base.temperature)),
        "top_p": _setting(model.get("top_p", 1.0 if base.top_p is None else base.top_p)),
        "top_k": model.get("top_k", base.top_k or 0),
    }


def _setting(value: float) -> float:
    """Return *value* as a float32. Models with equal settings share one object, which saves memory."""
    return _share(float32(value), copysign(1.0, value))


@lru_cache(maxsize=256)
def _share(value: float, _sign: float) -> float:
    """Return an equal *value* of an earlier call. The sign tells 0.0 from -0.0, which are equal."""
    return value


def _origin(call: RequestContext, model: Value) -> tuple[BaseModel, str]:
    """Return the base model, and the name of the source tuned model (empty if there is none)."""
    if not model.get("base_model") and "tuned_model_source" not in model:
        raise errors.one_of(_REQUEST, "tuned_model", "source_model")
    if "base_model" in model:
        base = call.world.base_models.get(model["base_model"])
        if base is None or not base.is_tunable:
            raise errors.not_tunable(model["base_model"], call.version)
        return base, ""
    source = model["tuned_model_source"].get("tuned_model", "")
    if not source:
        raise errors.not_specified(_REQUEST, "tuned_model.tuned_model_source.tuned_model")
    if not source.startswith(TUNED_MODELS):
        raise errors.model_name_format(_REQUEST, "tuned_model.tuned_model_source.tuned_model")
    record = access.find(call, source, Role.READER)
    if view.state_of(record.plan, call.now) is not view.State.ACTIVE:
        raise errors.model_not_ready(source)
    if record.base_model == "models/gemini-1.5-flash-001-tuning":
        raise errors.invalid_argument()  # refused with 400 (observed); the text is not known
    base = call.world.base_models.get(record.base_model)
    if base is None:
        raise errors.not_tunable(record.base_model, call.version)
    return base, record.name


def _training_data(call: RequestContext, task: Value) -> _TrainingData:
    """Return the training data. Equal small data share one value, because tests create the same model many times."""
    rows = task.get("training_data", {}).get("examples", {}).get("examples", [])
    if task.get("training_data", {}).get("examples", {}).get("multiturn_examples"):
        raise errors.unimplemented("Tuning with multiturn_examples")
    if not rows:
        if "training_data" not in task and call.allowances.permit("no-training-data"):
            return replace(_analyze(()), count=EXAMPLES_WHEN_DROPPED)
        path = f"{_DATA}.examples.examples" if "training_data" in task else _DATA
        raise errors.not_specified(_REQUEST, path)
    for place, row in enumerate(rows):
        path = f"{_DATA}.examples.examples[{place}]"
        if "text_input" not in row:
            raise errors.one_of(_REQUEST, path, "model_input")
        if not row.get("output"):
            raise errors.not_specified(_REQUEST, f"{path}.output")
        for name, limit in (("text_input", MAX_TEXT_INPUT), ("output", MAX_OUTPUT)):
            if len(row[name]) > limit:
                text = f"{name} must have at most {limit} characters, got {len(row[name])}"
                raise errors.invalid(_REQUEST, f"{path}.{name}", text)
    pairs = tuple((row["text_input"], row["output"]) for row in rows)
    is_small = sum(len(text_input) + len(output) for text_input, output in pairs) <= _MAX_SHARED
    return _analyze(pairs) if is_small else _analyze.__wrapped__(pairs)


def _hyperparameters(call: RequestContext, requested: Value, count: int) -> tuple[int, int, float]:
    """Return epoch count, batch size and learning rate of the request, with the version's defaults.

    A multiplier without a rate becomes a rate: the multiplier times the recommended rate (invented: google-generativeai
    cannot read an answer with a multiplier in it).
    """
    defaults = _DEFAULTS_OF_2023 if call.version == "v1beta3" else _DEFAULTS
    many = count >= MANY_EXAMPLES
    rate = requested.get("learning_rate")
    if rate is None:
        multiplier = requested.get("learning_rate_multiplier", 1.0)
        _check_positive("learning_rate_multiplier", multiplier)
        rate = multiplier * defaults.learning_rates[many]
    numbers = {
        "epoch_count": requested.get("epoch_count", defaults.epoch_count),
        "batch_size": requested.get("batch_size", defaults.batch_sizes[many]),
        "learning_rate": rate,
    }
    for name, number in numbers.items():
        _check_positive(name, number)
    return numbers["epoch_count"], numbers["batch_size"], _setting(min(max(rate, _MIN_RATE), 3.0e38))


def _check_positive(name: str, number: float) -> None:
    if not 0 < number < float("inf"):
        raise errors.invalid(_REQUEST, f"{_HYPERPARAMETERS}.{name}", f"{name} must be greater than 0")


@lru_cache(maxsize=64)
def _analyze(pairs: tuple[tuple[str, str], ...]) -> _TrainingData:
    """Return *pairs* as training data, with the mean number of tokens of the first ``MAX_CHECKED_EXAMPLES`` outputs."""
    digest = blake2b(digest_size=8)
    for pair in pairs:
        digest.update("\x1f".join((*pair, "")).encode("utf-8", "surrogatepass"))
    outputs = [output for _, output in pairs[:MAX_CHECKED_EXAMPLES]]
    return _TrainingData(
        examples=Examples(pairs),
        count=len(pairs),
        seed=int.from_bytes(digest.digest(), "big"),
        answer_tokens=sum(map(tokens.count, outputs)) / len(outputs) if outputs else 10.0,
    )


@lru_cache(maxsize=1024)
def _owner_permissions(email: str) -> tuple[Permission, ...]:
    """Return the permissions of a new model, which is its owner's."""
    return (Permission(ids.permission_id(email), GranteeType.USER, email, Role.OWNER),)
