"""The models: JSON of the service as values."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError, replace
from datetime import datetime, timezone
from typing import Any

import pytest

from tunedmodels import (
    CreateTunedModelMetadata,
    GenerateContentResponse,
    Hyperparameters,
    TunedModel,
    TuningSnapshot,
    TuningTask,
)

MODEL = {
    "name": "tunedModels/number-generator-1a2b3c",
    "baseModel": "models/gemini-1.0-pro-001",
    "displayName": "number generator",
    "description": "counts",
    "state": "ACTIVE",
    "createTime": "2024-07-31T06:58:20.045323Z",
    "updateTime": "2024-07-31T07:03:41.120000Z",
    "tuningTask": {
        "startTime": "2024-07-31T06:58:20.619999999Z",
        "completeTime": "2024-07-31T07:03:41.120000Z",
        "snapshots": [
            {"step": 1, "meanLoss": 11.5, "computeTime": "2024-07-31T06:58:29.639551971Z"},
            {"step": 2, "epoch": 1, "meanLoss": 7, "computeTime": "2024-07-31T06:58:38.05Z"},
        ],
        "hyperparameters": {"epochCount": 1, "batchSize": 4, "learningRate": 0.001},
    },
    "temperature": 0.9,
    "topP": 1,
    "topK": 0,
    "readerProjectNumbers": ["123456789012345678"],
}


def moment(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=timezone.utc)  # type: ignore[arg-type, misc]  # six or seven of them


def test_tuned_model() -> None:
    """Every member has its place; times are in UTC, without the nanoseconds beyond microseconds."""
    snapshots = (
        TuningSnapshot(1, 0, 11.5, moment(2024, 7, 31, 6, 58, 29, 639551)),
        TuningSnapshot(2, 1, 7.0, moment(2024, 7, 31, 6, 58, 38, 50000)),
    )

    assert TunedModel.from_json(MODEL) == TunedModel(
        name="tunedModels/number-generator-1a2b3c",
        display_name="number generator",
        description="counts",
        state="ACTIVE",
        source_model="models/gemini-1.0-pro-001",
        base_model="models/gemini-1.0-pro-001",
        create_time=moment(2024, 7, 31, 6, 58, 20, 45323),
        update_time=moment(2024, 7, 31, 7, 3, 41, 120000),
        tuning_task=TuningTask(
            start_time=moment(2024, 7, 31, 6, 58, 20, 619999),
            complete_time=moment(2024, 7, 31, 7, 3, 41, 120000),
            snapshots=snapshots,
            hyperparameters=Hyperparameters(1, 4, 0.001, None),
        ),
        temperature=0.9,
        top_p=1.0,
        top_k=0,
        reader_project_numbers=(123456789012345678,),
    )


def test_what_is_left_out() -> None:
    """A member that the service left out is zero or empty, or None where that says something."""
    assert TunedModel.from_json({}) == TunedModel(
        name="",
        display_name="",
        description="",
        state="STATE_UNSPECIFIED",
        source_model="",
        base_model="",
        create_time=None,
        update_time=None,
        tuning_task=TuningTask(None, None, (), Hyperparameters(None, None, None, None)),
        temperature=None,
        top_p=None,
        top_k=None,
        reader_project_numbers=(),
    )
    assert CreateTunedModelMetadata.from_json({}) == CreateTunedModelMetadata(0, 0, 0.0, (), "")
    assert TuningSnapshot.from_json({}) == TuningSnapshot(0, 0, 0.0, None)


def test_tuned_from_tuned() -> None:
    """A model that was tuned from a tuned one names both its source and the base beneath."""
    source = {"tunedModel": "tunedModels/first", "baseModel": "models/text-bison-001"}
    model = TunedModel.from_json({"tunedModelSource": source})

    assert model.source_model == "tunedModels/first"
    assert model.base_model == "models/text-bison-001"


def test_unknown_members_are_passed_over() -> None:
    """What the service adds one day breaks nobody."""
    assert TunedModel.from_json({**MODEL, "colour": "green"}) == TunedModel.from_json(MODEL)


def test_metadata() -> None:
    """The metadata of an operation says how far it is."""
    value = {
        "@type": "type.googleapis.com/google.ai.generativelanguage.v1beta.CreateTunedModelMetadata",
        "totalSteps": 38,
        "completedSteps": 1,
        "completedPercent": 2.631579,
        "snapshots": [{"step": 1, "meanLoss": 11.5}],
        "tunedModel": "tunedModels/m",
    }

    assert CreateTunedModelMetadata.from_json(value) == CreateTunedModelMetadata(
        38, 1, 2.631579, (TuningSnapshot(1, 0, 11.5, None),), "tunedModels/m"
    )


@pytest.mark.parametrize(("text", "value"), [("Infinity", math.inf), ("-Infinity", -math.inf)])
def test_losses_without_a_number(text: str, value: float) -> None:
    """A loss that grew beyond all numbers is a string on the wire and a float here."""
    assert TuningSnapshot.from_json({"meanLoss": text}).mean_loss == value
    assert math.isnan(TuningSnapshot.from_json({"meanLoss": "NaN"}).mean_loss)


def test_learning_rate_multiplier() -> None:
    """Either rate or multiplier is set."""
    value = {"learningRateMultiplier": 2}

    assert Hyperparameters.from_json(value) == Hyperparameters(None, None, None, 2.0)


@pytest.mark.parametrize("text", ["yesterday", "2024-07-31", "2024-07-31T06:58:29", "2024-13-31T06:58:29Z"])
def test_time_that_is_none(text: str) -> None:
    """A time that is none raises ValueError."""
    with pytest.raises(ValueError, match=r"no time in UTC|month"):
        TunedModel.from_json({"createTime": text})


def test_values_do_not_change() -> None:
    """A model is what was seen once; a changed copy is another value."""
    model = TunedModel.from_json(MODEL)
    with pytest.raises(FrozenInstanceError):
        model.state = "FAILED"  # type: ignore[misc]  # what is tested

    assert replace(model, state="FAILED") != model


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ({"candidates": [{"content": {"parts": [{"text": "LX"}, {"text": "IV"}]}}]}, "LXIV"),
        ({"candidates": [{"content": {"parts": [{"text": "a"}]}}, {"content": {"parts": [{"text": "b"}]}}]}, "a"),
        ({"candidates": [{"content": {"parts": [{"inlineData": {}}, {"text": "b"}]}}]}, "b"),
        ({"candidates": [{"finishReason": "STOP"}]}, ""),
        ({"candidates": [{"content": {"role": "model"}}]}, ""),
        ({"candidates": []}, ""),
        ({"promptFeedback": {"blockReason": "SAFETY"}}, ""),
    ],
)
def test_text_of_an_answer(raw: dict[str, Any], text: str) -> None:
    """The text is that of the first candidate's parts together; without any it is empty."""
    response = GenerateContentResponse(raw)

    assert response.text == text
    assert response.raw is raw
