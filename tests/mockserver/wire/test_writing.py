"""Tests that messages are written byte for byte as in recorded answers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunedmodels_mockserver.wire.protojson.numbers import float32
from tunedmodels_mockserver.wire.protojson.reading import Reader
from tunedmodels_mockserver.wire.protojson.writing import (
    COMPACT,
    EVENT,
    PRETTY,
    Layout,
    any_to_json,
    dump,
    quote,
    to_json,
    write,
)
from tunedmodels_mockserver.wire.status import AnyValue, Code, Status
from tunedmodels_mockserver.wire.surface import Field, Message, surface_of

ON = surface_of("v1beta")
NOON = 1_710_417_600_000_000_000  # 2024-03-14T12:00:00Z


def compact(name: str, value: dict[str, Any], version: str = "v1beta", *, numbers: bool = False) -> str:
    """Return *value* as the JSON text of the message called *name*, on one line."""
    surface = surface_of(version)
    return write(surface.message(name), value, surface, COMPACT, numbers=numbers)


# -- Whole answers -------------------------------------------------------------------------------------------


def test_running_operation() -> None:
    """Percent and losses are single-precision numbers; the epoch is absent while it is 0; no ``done`` yet."""
    first = {"step": 1, "epoch": 0, "mean_loss": float32(11.499258), "compute_time": NOON + 120_000_000}
    second = {"step": 2, "epoch": 1, "mean_loss": float32(-1.1145603e-06), "compute_time": NOON + 620_000_001}
    metadata = {
        "total_steps": 38,
        "completed_steps": 2,
        "completed_percent": float32(100 * 2 / 38),
        "snapshots": [first, second],
        "tuned_model": "tunedModels/a",
    }
    operation = {
        "name": "tunedModels/a/operations/b",
        "metadata": AnyValue("v1beta", "CreateTunedModelMetadata", metadata),
        "done": False,
    }

    assert write(ON.message("google.longrunning.Operation"), operation, ON) == (
        """\
{
  "name": "tunedModels/a/operations/b",
  "metadata": {
    "@type": "type.googleapis.com/google.ai.generativelanguage.v1beta.CreateTunedModelMetadata",
    "totalSteps": 38,
    "completedSteps": 2,
    "completedPercent": 5.263158,
    "snapshots": [
      {
        "step": 1,
        "meanLoss": 11.499258,
        "computeTime": "2024-03-14T12:00:00.120000000Z"
      },
      {
        "step": 2,
        "epoch": 1,
        "meanLoss": -1.1145603e-06,
        "computeTime": "2024-03-14T12:00:00.620000001Z"
      }
    ],
    "tunedModel": "tunedModels/a"
  }
}"""
    )


def test_finished_operation() -> None:
    """``done`` is between metadata and response, and the types are those of the creating version."""
    operation = {
        "name": "o",
        "metadata": AnyValue("v1beta3", "CreateTunedModelMetadata", {"completed_percent": 100.0}),
        "done": True,
        "response": AnyValue("v1beta3", "TunedModel", {"name": "tunedModels/a", "state": 2}),
    }
    package = "type.googleapis.com/google.ai.generativelanguage.v1beta3"

    assert compact("google.longrunning.Operation", operation, "v1") == (
        f'{{"name":"o","metadata":{{"@type":"{package}.CreateTunedModelMetadata","completedPercent":100}},"done":true,'
        f'"response":{{"@type":"{package}.TunedModel","name":"tunedModels/a","state":"ACTIVE"}}}}'
    )


def test_failed_operation() -> None:
    """An operation's error has the number of gRPC, and no empty details."""
    operation = {"name": "o", "done": True, "error": Status(Code.CANCELLED, "m").value()}

    assert compact("google.longrunning.Operation", operation) == (
        '{"name":"o","done":true,"error":{"code":1,"message":"m"}}'
    )


def test_any_with_numbers() -> None:
    """Enums become numbers in an Any, too."""
    model = AnyValue("v1beta", "TunedModel", {"state": 2})

    assert any_to_json(model, numbers=True) == {
        "@type": "type.googleapis.com/google.ai.generativelanguage.v1beta.TunedModel",
        "state": 2,
    }


# -- Members -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        # order by number, whatever the order of the value
        ("TunedModel", {"state": 1, "base_model": "b", "name": "n"}, '{"name":"n","baseModel":"b","state":"CREATING"}'),
        # zeros without presence are left out, and with presence written
        ("TunedModel", {"name": "", "description": "", "state": 0, "reader_project_numbers": ()}, "{}"),
        ("TunedModel", {"temperature": 0.0, "top_p": 0.0, "top_k": 0}, '{"temperature":0,"topP":0,"topK":0}'),
        ("TunedModel", {"temperature": None, "top_k": None, "create_time": None}, "{}"),
        ("TunedModel", {"top_p": 1.0, "temperature": float32(0.9)}, '{"temperature":0.9,"topP":1}'),
        ("TuningSnapshot", {"step": 1, "epoch": 0, "mean_loss": 0.0}, '{"step":1}'),
        ("TuningTask", {"hyperparameters": {}, "snapshots": []}, '{"hyperparameters":{}}'),
        ("Hyperparameters", {"learning_rate": float32(0.0002)}, '{"learningRate":0.0002}'),
        ("Candidate", {"index": 0, "finish_reason": None}, '{"index":0}'),
        ("google.protobuf.Empty", {}, "{}"),
        # int64 as strings, int32 as numbers
        ("TunedModel", {"reader_project_numbers": (1, 2**53 + 1)}, '{"readerProjectNumbers":["1","9007199254740993"]}'),
        # digits of timestamps
        ("TunedModel", {"create_time": 0}, '{"createTime":"1970-01-01T00:00:00.000000Z"}'),
        ("TuningTask", {"start_time": NOON}, '{"startTime":"2024-03-14T12:00:00.000000000Z"}'),
        ("TuningTask", {"complete_time": NOON + 1}, '{"completeTime":"2024-03-14T12:00:00.000000Z"}'),
        (
            "TuningSnapshot",
            {"compute_time": NOON + 999_999_999},
            '{"computeTime":"2024-03-14T12:00:00.999999499Z"}',
        ),
        # enums, an unknown one as its number
        ("TunedModel", {"state": 99}, '{"state":99}'),
        ("GenerationConfig", {"response_modalities": [1, 2]}, '{"responseModalities":["TEXT","IMAGE"]}'),
        # bytes, maps, free forms
        ("Blob", {"mime_type": "a/b", "data": b"\xff\x00"}, '{"mimeType":"a/b","data":"/wA="}'),
        ("google.rpc.ErrorInfo", {"metadata": {"a_b": "c", "": ""}}, '{"metadata":{"a_b":"c","":""}}'),
        ("FunctionCall", {"args": {"a": [1, 0.5, None, True], "b": {}}}, '{"args":{"a":[1,0.5,null,true],"b":{}}}'),
        ("GenerationConfig", {"response_json_schema": {}}, '{"_responseJsonSchema":{}}'),
        ("Schema", {"properties": {"k": {"type": 1}}}, '{"properties":{"k":{"type":"STRING"}}}'),
        ("google.rpc.RetryInfo", {"retry_delay": "37s"}, '{"retryDelay":"37s"}'),
    ],
)
def test_members(name: str, value: dict[str, Any], text: str) -> None:
    """Names, order, presence and forms."""
    assert compact(name, value) == text


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("TunedModel", {"state": 2}, '{"state":2}'),
        ("Permission", {"grantee_type": 3, "role": 3}, '{"granteeType":3,"role":3}'),
        ("GenerationConfig", {"response_modalities": [1, 2]}, '{"responseModalities":[1,2]}'),
    ],
)
def test_enums_as_numbers(name: str, value: dict[str, Any], text: str) -> None:
    """On request enums are numbers, also in lists."""
    assert compact(name, value, numbers=True) == text


# -- Layouts and strings -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        (PRETTY, '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ],\n  "c": {},\n  "d": []\n}'),
        (COMPACT, '{"a":[1,{"b":null}],"c":{},"d":[]}'),
        (EVENT, '{"a": [1,{"b": null}],"c": {},"d": []}'),
    ],
)
def test_layouts(layout: Layout, text: str) -> None:
    """Two spaces for each level by default, empty lists and objects on one line; or everything on one line."""
    assert dump({"a": [1, {"b": None}], "c": {}, "d": []}, layout) == text


def written_as(*ranges: tuple[int, int]) -> list[str]:
    """Return the first and last sign of each of *ranges*."""
    return [chr(point) for ends in ranges for point in ends]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", '""'),
        ("plain", '"plain"'),
        ('"', r'"\""'),
        ("\\", r'"\\"'),
        ("\b\t\n\f\r", r'"\b\t\n\f\r"'),
        ("\0\x0b\x1f", r'"\u0000\u000b\u001f"'),
        ("<a>", r'"\u003ca\u003e"'),
        ("&'/", '"&\'/"'),
        ("\x7f\x80\x9f", r'"\u007f\u0080\u009f"'),
        ("\xad", r'"\u00ad"'),
        ("\u2028\u2029", r'"\u2028\u2029"'),
        ("\ufeff", r'"\ufeff"'),
        ("\U000e0001", r'"\udb40\udc01"'),
        ("\U000e0041", r'"\udb40\udc41"'),
        ("\U0001d173", r'"\ud834\udd73"'),
        ("七 é 😀 \xa0", '"七 é 😀 \xa0"'),
    ],
)
def test_strings(text: str, expected: str) -> None:
    """JSON's own escapes, HTML characters and invisible characters are escaped; the rest is UTF-8."""
    assert quote(text) == expected


@pytest.mark.parametrize(
    "sign",
    written_as(
        (0x00, 0x1F),
        (0x7F, 0x9F),
        (0x600, 0x603),
        (0x6DD, 0x6DD),
        (0x70F, 0x70F),
        (0x17B4, 0x17B5),
        (0x200B, 0x200F),
        (0x2028, 0x202E),
        (0x2060, 0x2064),
        (0x206A, 0x206F),
        (0xFFF9, 0xFFFB),
        (0x1D173, 0x1D17A),
        (0xE0020, 0xE007F),
    ),
)
def test_invisible_characters(sign: str) -> None:
    """Both ends of each range that protobuf's writer escapes, in lower-case hexadecimal digits."""
    text = quote(sign)

    assert text.isascii()
    assert text == text.lower()
    assert json.loads(text) == sign


@pytest.mark.parametrize(
    "sign",
    written_as((0x20, 0x7E), (0xA0, 0x5FF), (0x604, 0x6DC), (0x2010, 0x2027), (0x202F, 0x205F), (0x10000, 0x1D172)),
)
def test_visible_characters(sign: str) -> None:
    """The neighbors of those ranges are not escaped."""
    assert quote(f"a{sign}") == f'"a{sign}"'


@given(st.text())
def test_strings_read_back(text: str) -> None:
    """The JSON reader of Python returns the same text."""
    assert json.loads(quote(text)) == text


readable = st.text(st.sampled_from("aZ09 &'/\n\"\\é七😀"))


@settings(max_examples=50)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | readable,
        lambda inner: st.lists(inner) | st.dictionaries(readable, inner),
    )
)
def test_pretty_equals_python(value: Any) -> None:
    """Except for our own escapes, the text is that of ``json.dumps(indent=2, ensure_ascii=False)``."""
    assert dump(value) == json.dumps(value, indent=2, ensure_ascii=False)


# -- Writing and reading -------------------------------------------------------------------------------------

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
SCALAR_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "string": st.text(),
    "bool": st.booleans(),
    "bytes": st.binary(),
    "int32": st.integers(-(2**31), 2**31 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(width=32, allow_nan=False),
    "double": st.floats(allow_nan=False),
    "google.protobuf.Timestamp": st.integers(-62_135_596_800, 253_402_300_799).map(lambda s: s * 10**9 + 123_456_789),
    "google.protobuf.Duration": st.from_regex(r"-?[0-9]{1,12}(\.[0-9]{1,9})?s", fullmatch=True),
    "google.protobuf.FieldMask": st.text(),
    "google.protobuf.Struct": st.dictionaries(st.text(), JSON_VALUES, max_size=3),
    "google.protobuf.Value": JSON_VALUES.filter(lambda value: value is not None),
}


@st.composite
def values(draw: st.DrawFn, message: Message, depth: int = 3) -> dict[str, Any]:
    """Draw a value of *message* as the core gets it, without zeros that read as missing members."""
    result: dict[str, Any] = {}
    oneofs: set[str] = set()
    for field in draw(st.lists(st.sampled_from(message.fields), unique=True, max_size=5)) if message.fields else []:
        kind = field.map_of or field.type
        if field.is_output_only or kind.endswith(".Any") or field.oneof in oneofs:
            continue
        if depth == 0 and not (kind in SCALAR_VALUES or ON.is_enum(kind)):
            continue
        value = draw(one(field, kind, depth))
        if value or ON.has_presence(field):
            result[field.name] = value
            oneofs |= {field.oneof} if field.oneof else set()
    return result


def one(field: Field, kind: str, depth: int) -> st.SearchStrategy[Any]:
    """Return the values of *field*."""
    if kind in SCALAR_VALUES:
        item = SCALAR_VALUES[kind]
    elif ON.is_enum(kind):
        item = st.sampled_from(sorted(ON.enum(kind).names)) | st.integers(-(2**31), 2**31 - 1)
    else:
        item = values(ON.message(kind), depth - 1)
    if field.map_of:
        return st.dictionaries(st.text(), item, max_size=3)
    return st.lists(item, max_size=3) if field.repeated else item


@pytest.mark.parametrize(
    "name",
    [
        "TunedModel",
        "Hyperparameters",
        "Permission",
        "GenerateContentRequest",
        "GenerationConfig",
        "Schema",
        "Content",
        "GenerateTextRequest",
        "BatchGenerateContentRequest",
        "google.longrunning.ListOperationsRequest",
        "google.type.Interval",
    ],
)
@settings(max_examples=40)
@given(data=st.data())
def test_read_back(name: str, data: st.DataObject) -> None:
    """The text reads as the same value, in every layout, with enums as names or numbers."""
    message = ON.message(name)
    value = data.draw(values(message))
    layout = data.draw(st.sampled_from([PRETTY, COMPACT, EVENT]))
    numbers = data.draw(st.booleans())
    text = write(message, value, ON, layout, numbers=numbers)
    reader = Reader(ON)

    assert dump(to_json(message, value, ON, numbers=numbers), layout) == text
    assert (reader.read_body(text.encode(), message), reader.violations) == (value, [])
