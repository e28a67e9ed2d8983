"""Every message can be read from JSON and written back without a loss."""

from __future__ import annotations

import copy
import dataclasses
import json
import math
import pickle
import types
import typing
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tunedmodels
from tunedmodels import (
    CitationMetadata,
    CitationSource,
    ErrorInfo,
    FinishReason,
    GenerateContentResponse,
    Message,
    Model,
    OpenEnum,
    Part,
    Permission,
    Timestamp,
    TunedModel,
    TunedModelState,
    TuningSnapshot,
    TuningTask,
)

FACTS = json.loads(
    (Path(__file__).parents[3] / "mockserver/tunedmodels_mockserver/wire/facts.json").read_text(encoding="utf-8")
)

PUBLIC = [getattr(tunedmodels, name) for name in tunedmodels.__all__]
KINDS = [value for value in PUBLIC if isinstance(value, type) and issubclass(value, Message) and value is not Message]
ENUMS = [value for value in PUBLIC if isinstance(value, type) and issubclass(value, OpenEnum) and value is not OpenEnum]

texts = st.text(max_size=5)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.floats(-9, 9) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=3,
)
# No member of the API begins like this, so a newer service's might.
unknowns = st.dictionaries(st.from_regex(r"new[A-Z][a-z]{1,3}", fullmatch=True), values, max_size=2)
times = st.builds(
    lambda whole, nanosecond: Timestamp(*whole.timetuple()[:6], nanosecond=nanosecond),
    st.datetimes(datetime(1970, 1, 1)),
    st.integers(0, 999_999_999),
)


def fields_of(kind: type[Message]) -> dict[str, Any]:
    """Return the type of each field except ``unknown``, in the order of the class."""
    hints = get_type_hints(kind, include_extras=True)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind) if field.name != "unknown"}


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for the values of a field of that type."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return st.one_of(*(st.none() if inner is type(None) else values_of(inner) for inner in arguments))
    if origin is tuple:
        return st.lists(values_of(arguments[0]), max_size=2).map(tuple)
    if origin is Annotated:
        return st.integers(-(2**63), 2**63 - 1)
    if origin is Mapping:
        return st.dictionaries(texts, texts, max_size=2)
    if isinstance(hint, type) and issubclass(hint, Message):
        return st.deferred(lambda: messages_of(hint))
    if isinstance(hint, type) and issubclass(hint, OpenEnum):
        new = st.from_regex(r"NEW_[A-Z]{1,3}", fullmatch=True) | st.integers(0, 99)
        return st.sampled_from(hint) | new.map(hint)
    plain: dict[Any, st.SearchStrategy[Any]] = {
        str: texts,
        bool: st.booleans(),
        int: st.integers(-(2**31), 2**31 - 1),
        float: st.floats(allow_nan=False),
        Timestamp: times,
    }
    return plain[hint]


def messages_of(kind: type[Message]) -> st.SearchStrategy[Message]:
    return st.builds(kind, **{name: values_of(hint) for name, hint in fields_of(kind).items()}, unknown=unknowns)


def sample(hint: Any) -> Any:
    """Return a value of that type that is not a default."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return sample(arguments[0])
    if origin is tuple:
        return (sample(arguments[0]),)
    if origin is Annotated:
        return 2**62
    if origin is Mapping:
        return {"key": "value"}
    if issubclass(hint, Message):
        return full_message(hint)
    if issubclass(hint, OpenEnum):
        return list(hint)[1]
    plain: dict[Any, Any] = {str: "text", bool: True, int: 7, float: 0.5, Timestamp: Timestamp(2024, 7, 31)}
    return plain[hint]


def full_message(kind: type[Message]) -> Any:
    """Return a message that has every member."""
    return kind(**{name: sample(hint) for name, hint in fields_of(kind).items()})


def shuffle(value: Any) -> Any:
    """Return the same JSON with the members of each object in reverse order."""
    if isinstance(value, dict):
        return {name: shuffle(value[name]) for name in reversed(value)}
    return [shuffle(item) for item in value] if isinstance(value, list) else value


def test_lists_of_kinds_are_complete() -> None:
    """The lists of kinds for the other tests have messages and enums of each module."""
    assert {TunedModel, GenerateContentResponse, Permission, Model, TuningTask, ErrorInfo} < set(KINDS)
    assert {TunedModelState, FinishReason} < set(ENUMS)


@settings(max_examples=60)
@given(st.data(), st.sampled_from(KINDS))
def test_message_round_trip(data: st.DataObject, kind: type[Message]) -> None:
    """A message is the same after JSON, after its repr, and after each kind of copy."""
    message = data.draw(messages_of(kind))
    text = json.dumps(message.to_json(), allow_nan=False)

    assert kind.from_json(json.loads(text)) == message
    assert kind.from_json(shuffle(json.loads(text))) == message
    assert eval(repr(message), {**vars(tunedmodels), "nan": math.nan, "inf": math.inf}) == message
    for again in (copy.copy(message), copy.deepcopy(message), pickle.loads(pickle.dumps(message))):
        assert type(again) is kind
        assert again == message
        assert hash(again) == hash(message)


@pytest.mark.parametrize("kind", KINDS)
def test_messages_are_frozen(kind: type[Message]) -> None:
    """No field of a message can be set, and all arguments are by keyword."""
    message = kind()
    for name in (*fields_of(kind), "unknown"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(message, name, None)
    with pytest.raises(TypeError):
        kind("positional")  # type: ignore[call-arg, arg-type]  # the mistake that is tested


@pytest.mark.parametrize("kind", KINDS)
def test_defaults_are_not_written(kind: type[Message]) -> None:
    """A message of defaults is the empty object; a member that is null has its default."""
    assert kind().to_json() == {}
    assert kind.from_json({}) == kind()
    assert kind.from_json(dict.fromkeys(map(camel, fields_of(kind)))) == kind()


@pytest.mark.parametrize("kind", KINDS)
def test_new_members_come_back(kind: type[Message]) -> None:
    """A message keeps the unknown members of a newer service, and writes them back."""
    new = {"newThing": {"a": [1, None, {"b": "c"}]}, "another_one": 5, "empty": None}
    value = {**full_message(kind).to_json(), **new}
    message = kind.from_json(value)

    assert message.unknown == new
    assert message.to_json() == value
    assert message != full_message(kind)


def test_new_members_inside_come_back() -> None:
    """Nested messages keep their unknown members too."""
    value = {"tuningTask": {"snapshots": [{"step": 1, "newLoss": 2.5}], "newOne": []}, "newTwo": "x"}

    assert TunedModel.from_json(value).to_json() == value
    assert TunedModel.from_json(value).tuning_task.snapshots[0].unknown == {"newLoss": 2.5}


@pytest.mark.parametrize("state", ["PAUSED", 7, 2], ids=repr)
def test_new_enum_values_come_back(state: Any) -> None:
    """A message keeps an unknown name or number of an enum, and writes it back."""
    model = TunedModel.from_json({"state": state})

    assert not model.state.is_known
    assert model.to_json() == {"state": state}


def member_places() -> list[Any]:
    """Return each field of each message with its wrong values, and the path in the error."""
    params = []
    for kind in KINDS:
        for name, hint in fields_of(kind).items():
            inner = next((arg for arg in get_args(hint) if arg is not type(None)), hint)
            wrong: dict[str, tuple[Any, str]] = {camel(name): (("wrong",), camel(name))}
            if get_origin(hint) is tuple:
                wrong = {"[0]": ([[]], f"{camel(name)}[0]"), "no list": ("text", camel(name)), "an object": ({}, "")}
            elif inner is str:
                wrong = {"a number": (5, ""), "a list": ([], "")}
            elif get_origin(hint) is Annotated or inner in (int, float):
                bad = ["five", "", " 5", "1_0", "٣", True, [], {}]
                wrong = {repr(value): (value, "") for value in [*bad, *([] if inner is float else [5.5, 1e999, "5.5"])]}
            elif inner is bool:
                wrong = {"a number": (1, ""), "a string": ("true", "")}
            elif inner is Timestamp:
                wrong = {
                    "a number": (5, ""),
                    "another text": ("yesterday", ""),
                    "too late": ("9999-12-31T23:59:59-01:00", ""),
                }
            elif get_origin(hint) is Mapping:
                wrong = {"a list": ([], ""), "of numbers": ({"a": 1}, f"{camel(name)}.a")}
            elif issubclass(inner, OpenEnum):
                wrong = {"empty": ("", ""), "a list": ([], ""), "true": (True, "")}
            elif issubclass(inner, Message):
                wrong = {"a list": ([], ""), "a text": ("text", "")}
            params += [
                pytest.param(kind, {camel(name): value}, path or camel(name), id=f"{kind.__name__}.{name}, {what}")
                for what, (value, path) in wrong.items()
            ]
    return params


@pytest.mark.parametrize(("kind", "value", "path"), member_places())
def test_value_of_another_type(kind: type[Message], value: dict[str, Any], path: str) -> None:
    """A wrong value of a member is a ValueError that begins with its path."""
    with pytest.raises(ValueError, match=r"is no|is neither|not a time") as caught:
        kind.from_json(value)

    assert str(caught.value).startswith(f"{path}: ")


def test_path_of_a_nested_member() -> None:
    """The path has the objects and the list indexes."""
    value = {"tuningTask": {"snapshots": [{"step": 1}, {"step": "one"}]}}

    with pytest.raises(ValueError, match=r"^tuningTask\.snapshots\[1\]\.step: 'one' is not a whole number$"):
        TunedModel.from_json(value)


@pytest.mark.parametrize("value", [None, [], "text", 5], ids=repr)
def test_value_that_is_not_an_object(value: Any) -> None:
    """Only an object can be read as a message."""
    with pytest.raises(ValueError, match=r"is not an object$"):
        TunedModel.from_json(value)


@pytest.mark.parametrize(
    ("value", "number"), [(5, 5), (5.0, 5), ("5", 5), ("-5", -5), (0, 0), ("0", 0), (-0.0, 0)], ids=repr
)
def test_whole_numbers_in_every_form(value: Any, number: int) -> None:
    """A whole number in JSON can have a fraction of zero, or be a string."""
    model = TunedModel.from_json({"topK": value, "readerProjectNumbers": [value]})

    assert (model.top_k, model.reader_project_numbers) == (number, (number,))
    assert type(model.top_k) is int
    assert model.to_json() == {"topK": number, "readerProjectNumbers": [str(number)]}


@pytest.mark.parametrize(
    ("value", "number"),
    [(1, 1.0), (0.9, 0.9), ("0.9", 0.9), ("-1e-3", -0.001), ("Infinity", math.inf), ("-Infinity", -math.inf)],
    ids=repr,
)
def test_numbers_in_every_form(value: Any, number: float) -> None:
    """A number in JSON can have no fraction, be a string, or be a word for infinity."""
    snapshot = TuningSnapshot.from_json({"meanLoss": value})

    assert snapshot.mean_loss == number
    assert type(snapshot.mean_loss) is float


def test_loss_that_is_nan() -> None:
    """A loss of NaN is the string NaN in JSON."""
    snapshot = TuningSnapshot.from_json({"meanLoss": "NaN"})

    assert math.isnan(snapshot.mean_loss)
    assert snapshot.to_json() == {"meanLoss": "NaN"}


@pytest.mark.parametrize("number", [0, 0.0], ids=repr)
def test_zero_is_not_absence(number: float) -> None:
    """An optional member that is zero is written, and one that is None is not."""
    model = TunedModel(temperature=number, top_k=0)

    assert model.to_json() == {"temperature": 0, "topK": 0}
    assert TunedModel.from_json({"temperature": 0, "topK": 0}) == model
    assert TunedModel.from_json({}).temperature is None


# The members that the client leaves to ``unknown``, by message.
OMITTED = {
    # About tools, caches and other media, which tuned models do not have.
    "Part": {
        "inline_data",
        "function_call",
        "function_response",
        "file_data",
        "part_metadata",
        "executable_code",
        "code_execution_result",
        "thought_signature",
        "video_metadata",
    },
    "Candidate": {"grounding_attributions", "grounding_metadata", "logprobs_result", "url_context_metadata"},
    "UsageMetadata": {
        "cached_content_token_count",
        "prompt_tokens_details",
        "cache_tokens_details",
        "candidates_tokens_details",
        "tool_use_prompt_token_count",
        "tool_use_prompt_tokens_details",
        "thoughts_token_count",
    },
    "GenerationConfig": {
        "response_schema",
        "presence_penalty",
        "frequency_penalty",
        "response_logprobs",
        "logprobs",
        "enable_enhanced_civic_answers",
        "response_modalities",
        "speech_config",
        "thinking_config",
        "media_resolution",
        "response_json_schema",
        "image_config",
        "response_json_schema_ordered",
        "enable_affective_dialog",
    },
    # The model is in the path; the others are about tools and caches again.
    "GenerateContentRequest": {"model", "tools", "tool_config", "cached_content", "service_tier", "store"},
    # Newer than every observed error of this API.
    "FieldViolation": {"reason", "localized_message"},
    "QuotaViolation": {"api_service", "future_quota_value"},
}

NAMES = {
    "PromptFeedback": "GenerateContentResponse.PromptFeedback",
    "UsageMetadata": "GenerateContentResponse.UsageMetadata",
    "ErrorInfo": "google.rpc.ErrorInfo",
    "FieldViolation": "google.rpc.BadRequest.FieldViolation",
    "QuotaViolation": "google.rpc.QuotaFailure.Violation",
    "HelpLink": "google.rpc.Help.Link",
    "TunedModelState": "TunedModel.State",
    "GranteeType": "Permission.GranteeType",
    "Role": "Permission.Role",
    "FinishReason": "Candidate.FinishReason",
    "BlockReason": "GenerateContentResponse.PromptFeedback.BlockReason",
    "HarmProbability": "SafetyRating.HarmProbability",
    "HarmBlockThreshold": "SafetySetting.HarmBlockThreshold",
}


def name_in_the_facts(kind: type) -> str:
    return NAMES.get(kind.__name__, kind.__name__)


def fact_of(hint: Any) -> str:
    """Return the type of the facts for a field of that type."""
    scalars = {str: "string", bool: "bool", int: "int32", Timestamp: "google.protobuf.Timestamp"}
    if get_origin(hint) is Annotated:
        return "int64"
    if get_origin(hint) is Mapping:
        return "map<string,string>"
    return scalars.get(hint) or name_in_the_facts(hint)


@pytest.mark.parametrize("kind", KINDS)
def test_members_are_those_of_the_api(kind: type[Message]) -> None:
    """The fields are the members of the API's message, in its order, without the members of the list above."""
    members = {fact["name"]: fact for fact in FACTS["messages"][name_in_the_facts(kind)]}
    omitted = OMITTED.get(kind.__name__, set())

    assert omitted <= set(members)
    assert list(full_message(kind).to_json()) == [camel(name) for name in members if name not in omitted]


@pytest.mark.parametrize("kind", KINDS)
def test_types_are_those_of_the_api(kind: type[Message]) -> None:
    """A field has the type of the API's member: a tuple if that repeats, and None if that can be absent."""
    members = {fact["name"]: fact for fact in FACTS["messages"][name_in_the_facts(kind)]}
    for name, hint in fields_of(kind).items():
        fact = members[name]
        optional = type(None) in get_args(hint)
        repeated = get_origin(hint) is tuple
        inner = get_args(hint)[0] if optional or repeated else hint

        assert repeated == fact.get("repeated", False), name
        assert fact["type"] == fact_of(inner) or (inner is float and fact["type"] in ("float", "double")), name
        # An absent message is None, unless it may as well be an empty one; so is a member of a oneof, but for names.
        if not repeated and not (isinstance(inner, type) and issubclass(inner, Message)) and inner is not Timestamp:
            has_presence = fact.get("optional", False) or "oneof" in fact
            assert optional == has_presence or (kind, name) == (TunedModel, "base_model"), name


@pytest.mark.parametrize("kind", ENUMS)
def test_enum_values_are_those_of_the_api(kind: type[OpenEnum]) -> None:
    """An enum has the values of the API, in its order."""
    assert list(kind.__members__) == list(FACTS["enums"][name_in_the_facts(kind)])


@pytest.mark.parametrize(
    ("value", "source"),
    [
        ({"baseModel": "models/gemini-1.0-pro-001"}, "models/gemini-1.0-pro-001"),
        (
            {"tunedModelSource": {"tunedModel": "tunedModels/generate-num-4110", "baseModel": "models/text-bison-001"}},
            "tunedModels/generate-num-4110",
        ),
        ({}, ""),
    ],
    ids=["a base model", "a tuned model", "nothing"],
)
def test_source_model(value: dict[str, Any], source: str) -> None:
    """The source of a model is one property, for both members of the wire."""
    assert TunedModel.from_json(value).source_model == source


@pytest.mark.parametrize(
    ("methods", "tunable"),
    [
        (["generateContent", "countTokens", "createTunedModel"], True),
        (["generateText", "countTextTokens", "createTunedTextModel"], True),
        (["generateContent", "countTokens"], False),
        ([], False),
    ],
    ids=["since 2024", "of 2023", "not tunable", "none"],
)
def test_tunable(methods: list[str], tunable: bool) -> None:
    """The methods of a base model say whether it can be tuned."""
    assert Model.from_json({"supportedGenerationMethods": methods}).is_tunable is tunable


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"candidates": [{"content": {"parts": [{"text": "LX"}, {"text": "IV"}], "role": "model"}}]}, "LXIV"),
        ({"candidates": [{"content": {"parts": [{"text": "hm", "thought": True}, {"text": "64"}]}}]}, "64"),
        ({"candidates": [{"content": {"parts": [{"inlineData": {}}, {"text": "64"}]}}]}, "64"),
        ({"candidates": [{"content": {}, "finishReason": "STOP"}]}, ""),
        ({"candidates": [{"finishReason": "SAFETY"}]}, ""),
        ({"candidates": [{}, {"content": {"parts": [{"text": "the second"}]}}]}, ""),
        ({"promptFeedback": {"blockReason": "SAFETY"}}, ""),
        ({}, ""),
    ],
    ids=["two parts", "thought", "other media", "no parts", "no content", "first of two", "blocked", "empty"],
)
def test_text_of_an_answer(value: dict[str, Any], text: str) -> None:
    """The text is that of the first candidate without thoughts, or empty."""
    assert GenerateContentResponse.from_json(value).text == text


def test_repr_leaves_out_what_is_absent() -> None:
    """The repr has no members with their default, but the unknown members."""
    source = CitationSource.from_json({"uri": "https://a.test", "newThing": 1})

    assert repr(TunedModel()) == "TunedModel()"
    assert repr(CitationMetadata(citation_sources=(source,))) == (
        "CitationMetadata(citation_sources=(CitationSource(uri='https://a.test', unknown={'newThing': 1}),))"
    )


def long_run(steps: int) -> TuningTask:
    return TuningTask(snapshots=tuple(TuningSnapshot(step=step, mean_loss=0.5) for step in range(1, steps + 1)))


@pytest.mark.parametrize(
    ("steps", "numbers"),
    [(6, [1, 2, 3, 4, 5, 6]), (7, [1, 2, 3, None, 5, 6, 7]), (300, [1, 2, 3, None, 298, 299, 300])],
)
def test_repr_shortens_a_long_list(steps: int, numbers: list[int | None]) -> None:
    """The repr of more than six items has the first three and the last three."""
    items = [f"TuningSnapshot(step={step}, mean_loss=0.5)" if step else "..." for step in numbers]

    assert repr(long_run(steps)) == f"TuningTask(snapshots=({', '.join(items)}))"


def test_repr_in_a_notebook() -> None:
    """In IPython each member has a line if one line is too short."""
    pretty = pytest.importorskip("IPython.lib.pretty").pretty
    model = TunedModel(
        name="tunedModels/m", state=TunedModelState.ACTIVE, tuning_task=long_run(300), reader_project_numbers=(1,)
    )

    assert pretty(model, max_width=10_000) == repr(model)
    assert pretty(model, max_width=80).splitlines() == [
        "TunedModel(",
        "    name='tunedModels/m',",
        "    state=TunedModelState.ACTIVE,",
        "    tuning_task=TuningTask(",
        "        snapshots=(",
        "            TuningSnapshot(step=1, mean_loss=0.5),",
        "            TuningSnapshot(step=2, mean_loss=0.5),",
        "            TuningSnapshot(step=3, mean_loss=0.5),",
        "            ...,",
        "            TuningSnapshot(step=298, mean_loss=0.5),",
        "            TuningSnapshot(step=299, mean_loss=0.5),",
        "            TuningSnapshot(step=300, mean_loss=0.5))),",
        "    reader_project_numbers=(1,))",
    ]


def test_table_of_snapshots() -> None:
    """A DataFrame of snapshots has a column for each member."""
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame(long_run(2).snapshots)

    assert list(table.columns) == ["step", "epoch", "mean_loss", "compute_time"]
    assert table["step"].tolist() == [1, 2]


def test_replace_keeps_unknown_members() -> None:
    """A copy with another value has the unknown members of the original."""
    part = Part.from_json({"functionCall": {"name": "f"}})

    assert dataclasses.replace(part, thought=True).to_json() == {"thought": True, "functionCall": {"name": "f"}}


def test_tuned_model_cannot_be_iterated() -> None:
    """The error names progress(), because google-generativeai iterates over wait_bar()."""
    with pytest.raises(TypeError, match=r"for metadata in operation\.progress\(\)"):
        for _ in TunedModel():  # type: ignore[attr-defined]  # the mistake that is tested
            pass
