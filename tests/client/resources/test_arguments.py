"""The forms of messages that a caller can pass."""

from __future__ import annotations

import json
from typing import Any

import pytest
import responses

from tunedmodels import (
    Client,
    Content,
    GenerationConfig,
    HarmBlockThreshold,
    HarmCategory,
    Part,
    SafetySetting,
    TunedModel,
    TunedModelState,
    TuningSnapshot,
    TuningTask,
)
from tunedmodels._resources.arguments import message, messages

from ..conftest import URL

CONFIG = GenerationConfig(temperature=0.5, top_k=3, stop_sequences=("a", "b"))


@pytest.mark.parametrize(
    "value",
    [
        CONFIG,
        {"temperature": 0.5, "top_k": 3, "stop_sequences": ["a", "b"]},
        {"temperature": 0.5, "topK": 3, "stopSequences": ("a", "b"), "seed": None},
    ],
    ids=["message", "names of the class", "names of the wire"],
)
def test_forms_of_a_message(value: Any) -> None:
    """A message is unchanged; a dict can have the names of the class or of the wire."""
    assert message(GenerationConfig, value, "config") == CONFIG


def test_message_is_unchanged() -> None:
    """A message keeps its unknown members."""
    config = GenerationConfig(unknown={"newThing": 1})

    assert message(GenerationConfig, config, "config") is config


def test_messages_inside() -> None:
    """A dict may contain dicts and messages, with either names."""
    step = TuningSnapshot(step=2)
    value = {"state": "ACTIVE", "tuning_task": {"snapshots": [{"step": 1, "meanLoss": 2}, step]}}

    assert message(TunedModel, value, "model") == TunedModel(
        state=TunedModelState.ACTIVE,
        tuning_task=TuningTask(snapshots=(TuningSnapshot(step=1, mean_loss=2.0), step)),
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"temprature": 0.5}, "config: GenerationConfig has no member 'temprature'; the nearest is 'temperature'."),
        (
            {"maxOutputToken": 5},
            "config: GenerationConfig has no member 'maxOutputToken'; the nearest is 'max_output_t",
        ),
        ({5: 5}, "config: GenerationConfig has no member 5; the nearest is "),
        ({"unknown": {}}, "config: GenerationConfig has no member 'unknown'; the nearest is "),
        ({"top_k": 3, "topK": 3}, "config: GenerationConfig has 'top_k' twice"),
        ({"temperature": "hot"}, "config.temperature: 'hot' is not a number"),
        ({"stop_sequences": "a"}, "config.stop_sequences: 'a' is not an array"),
    ],
)
def test_dict_of_another_message(value: dict[Any, Any], text: str) -> None:
    """The error names the argument, and for an unknown name the nearest member."""
    with pytest.raises(ValueError, match=r"^config") as caught:
        message(GenerationConfig, value, "config")

    assert str(caught.value).startswith(text)


def test_unknown_member_can_be_sent() -> None:
    """The error says how to send a member that the client does not know."""
    with pytest.raises(
        ValueError, match=r"Send a member that this client does not know as GenerationConfig\(unknown=\.\.\.\)\.$"
    ):
        message(GenerationConfig, {"responseSchema": {}}, "config")

    assert GenerationConfig(unknown={"responseSchema": {}}).to_json() == {"responseSchema": {}}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (
            {"tuning_task": {"snapshots": [{"step": 1}, {"stepp": 2}]}},
            "model.tuning_task.snapshots[1]: TuningSnapshot has",
        ),
        ({"tuningTask": {"snapshots": [5]}}, "model.tuningTask.snapshots[0]: must be a TuningSnapshot or a dict"),
        ({"tuning_task": "x"}, "model.tuning_task: must be a TuningTask or a dict of its members, got 'x'"),
    ],
)
def test_path_of_a_nested_member(value: dict[str, Any], text: str) -> None:
    """The path in the error has the names of the caller."""
    with pytest.raises(ValueError, match=r"^model") as caught:
        message(TunedModel, value, "model")

    assert str(caught.value).startswith(text)


@pytest.mark.parametrize("value", [5, "x", [], None, TunedModel()], ids=repr)
def test_neither_message_nor_dict(value: Any) -> None:
    """A value that is neither a message of the kind nor a dict is a TypeError that names the argument."""
    with pytest.raises(TypeError, match=r"^config must be a GenerationConfig or a dict of its members, got "):
        message(GenerationConfig, value, "config")


@pytest.mark.parametrize(
    "value", [{"category": "x", "threshold": "y"}, "x", SafetySetting()], ids=["dict", "text", "message"]
)
def test_message_instead_of_a_list(value: Any) -> None:
    """One message is not a list of messages."""
    with pytest.raises(TypeError, match=r"^settings must be a list of SafetySetting or of dicts of its members, got "):
        messages(SafetySetting, value, "settings")


@pytest.mark.parametrize("stream", [False, True])
def test_request_of_dicts(answers: responses.RequestsMock, client: Client, stream: bool) -> None:
    """Dicts and messages make the same request."""
    method = "streamGenerateContent" if stream else "generateContent"
    answers.post(f"{URL}/v1beta/tunedModels/m:{method}", json=[{}] if stream else {})
    answers.post(f"{URL}/v1beta/tunedModels/m:{method}", json=[{}] if stream else {})
    setting = SafetySetting(
        category=HarmCategory.HARM_CATEGORY_HARASSMENT, threshold=HarmBlockThreshold.BLOCK_ONLY_HIGH
    )
    call: Any = client.tuned_models.stream_generate_content if stream else client.tuned_models.generate_content
    for forms in (
        {
            "contents": Content(role="user", parts=(Part(text="7"),)),
            "generation_config": CONFIG,
            "safety_settings": [setting],
            "system_instruction": "Count.",
        },
        {
            "contents": {"role": "user", "parts": ["7"]},
            "generation_config": {"temperature": 0.5, "topK": 3, "stop_sequences": ["a", "b"]},
            "safety_settings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_ONLY_HIGH"}],
            "system_instruction": {"parts": "Count."},
        },
    ):
        answer = call("m", **forms)
        assert list(answer) if stream else answer

    one, other = (json.loads(call.request.body or "") for call in answers.calls)
    assert one == other
    assert one["generationConfig"] == {"stopSequences": ["a", "b"], "temperature": 0.5, "topK": 3}
    assert one["systemInstruction"] == {"parts": [{"text": "Count."}]}


@pytest.mark.parametrize("temperature", [float("nan"), "NaN"], ids=repr)
def test_number_that_is_not_finite(client: Client, temperature: Any) -> None:
    """The numbers of a dict must be finite, like those of a message."""
    with pytest.raises(ValueError, match="temperature must be a finite number"):
        client.tuned_models.generate_content("m", "7", generation_config={"temperature": temperature})


@pytest.mark.parametrize(
    ("argument", "value", "text"),
    [
        ("generation_config", 5, "generation_config must be a GenerationConfig or a dict"),
        ("safety_settings", [5], "safety_settings[0] must be a SafetySetting or a dict"),
        ("safety_settings", {"HARM_CATEGORY_HARASSMENT": "OFF"}, "safety_settings must be a list of SafetySetting"),
        ("system_instruction", [Content()], "system_instruction must be a Content or a dict"),
    ],
)
def test_error_names_the_argument(client: Client, argument: str, value: Any, text: str) -> None:
    """The error names the argument, and nothing is sent."""
    with pytest.raises(TypeError) as caught:
        client.tuned_models.generate_content("m", "7", **{argument: value})

    assert str(caught.value).startswith(text)
