"""Tests that requests are read leniently and refused as by the service, in bodies and query strings."""

from __future__ import annotations

import json
import math
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedmodels_mockserver.wire.protojson.numbers import float32
from tunedmodels_mockserver.wire.protojson.reading import Reader, query_pairs
from tunedmodels_mockserver.wire.status import Code, Status, StatusError, Violation
from tunedmodels_mockserver.wire.surface import surface_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask.testing import FlaskClient

ROOT = ""
TASK = "tuned_model.tuning_task"
EXAMPLES = f"{TASK}.training_data.examples.examples"
PACKAGE = "type.googleapis.com/google.ai.generativelanguage.v1beta"
TIMESTAMP = "type.googleapis.com/google.protobuf.Timestamp"
PAYLOAD = "Invalid JSON payload received. "
BAD_TIME = "Illegal timestamp format; timestamps must end with 'Z' or have a valid timezone offset."

Finding = tuple[str, str]


def unknown(name: str, path: str, reason: str = "Cannot find field.") -> Finding:
    """Return the finding for the unknown member *name* of the message at *path*."""
    at = f" at '{path}'" if path else ""
    return path, f'{PAYLOAD}Unknown name "{name}"{at}: {reason}'


def invalid(path: str, kind: str, value: str) -> Finding:
    """Return the finding for an invalid value at *path*."""
    at = f" at '{path}'" if path else ""
    return path, f"Invalid value{at} ({kind}), {value}"


def list_in(name: str, path: str) -> Finding:
    """Return the finding for a list in the singular member *name* of the message at *path*."""
    return unknown(name, path, "Proto field is not repeating, cannot start list.")


def body(text: str, name: str = "TunedModel", path: str = "tuned_model") -> tuple[dict[str, Any], list[Finding]]:
    """Return the value of the message called *name* in the body *text*, and the findings."""
    surface = surface_of("v1beta")
    reader = Reader(surface)
    value = reader.read_body(text.encode(), surface.message(name), path)
    return value, [(violation.field, violation.description) for violation in reader.violations]


def query(text: str, name: str, unbindable: str | None = None) -> tuple[dict[str, Any], list[Finding]]:
    """Return the value of the message called *name* in the query string *text*, and the findings."""
    surface = surface_of("v1beta")
    reader = Reader(surface)
    value = reader.read_query(query_pairs(text.encode()), surface.message(name), unbindable)
    return value, [(violation.field, violation.description) for violation in reader.violations]


# -- Bodies that are read ------------------------------------------------------------------------------------

READ: dict[str, dict[str, Any]] = {
    # nothing
    "": {},
    "{}": {},
    # names in both spellings, mixed
    '{"displayName": "a", "base_model": "b"}': {"display_name": "a", "base_model": "b"},
    '{"tuning_task": {"trainingData": {"examples": {"examples": [{"text_input": "1", "output": "2"}]}}}}': {
        "tuning_task": {"training_data": {"examples": {"examples": [{"text_input": "1", "output": "2"}]}}}
    },
    # what JSON does not allow, and the service does
    '{"tuningTask": {"hyperparameters": {"epoch_count": 5, },},}': {
        "tuning_task": {"hyperparameters": {"epoch_count": 5}}
    },
    "{displayName: 'a', readerProjectNumbers: ['1',]}": {"display_name": "a", "reader_project_numbers": [1]},
    '{"description": "a\nb"}': {"description": "a\nb"},
    # integers from numbers without a fraction and from strings
    '{"topK": 5.0}': {"top_k": 5},
    '{"topK": 5e1}': {"top_k": 50},
    '{"topK": "5"}': {"top_k": 5},
    '{"topK": "+05"}': {"top_k": 5},
    '{"topK": -2147483648}': {"top_k": -(2**31)},
    '{"topK": "2147483647"}': {"top_k": 2**31 - 1},
    '{"readerProjectNumbers": [1, "2", "9223372036854775807", -9223372036854775808]}': {
        "reader_project_numbers": [1, 2, 2**63 - 1, -(2**63)]
    },
    # floats from numbers and strings, in single precision
    '{"temperature": 1}': {"temperature": 1.0},
    '{"temperature": 0.7}': {"temperature": float32(0.7)},
    '{"temperature": "0.7"}': {"temperature": float32(0.7)},
    '{"temperature": "1e-3"}': {"temperature": float32(0.001)},
    '{"temperature": "Infinity", "topP": "-Infinity"}': {"temperature": math.inf, "top_p": -math.inf},
    '{"temperature": 3.4028235e+38, "topP": "-3.4028235e+38"}': {
        "temperature": 2.0**128 - 2.0**104,
        "top_p": 2.0**104 - 2.0**128,
    },
    # zeros: told from none where presence is explicit
    '{"temperature": 0, "topP": 0.0, "topK": 0}': {"temperature": 0.0, "top_p": 0.0, "top_k": 0},
    '{"displayName": "", "description": ""}': {},
    '{"baseModel": ""}': {"base_model": ""},
    '{"readerProjectNumbers": []}': {},
    '{"tuningTask": {}}': {"tuning_task": {}},
    # null is unset, wherever it stands
    '{"displayName": null, "tuningTask": null, "topK": null}': {},
    '{"readerProjectNumbers": [null, 1, null]}': {"reader_project_numbers": [1]},
    '{"tuningTask": {"hyperparameters": {"learningRate": null, "learningRateMultiplier": 2}}}': {
        "tuning_task": {"hyperparameters": {"learning_rate_multiplier": 2.0}}
    },
    # what only the service sets is read and dropped
    '{"name": "tunedModels/a", "state": 2, "createTime": "2024-03-14T12:00:00.5Z", "description": "d"}': {
        "description": "d"
    },
    '{"state": "ACTIVE", "updateTime": "2024-03-14T12:00:00+01:00"}': {},
    '{"tuningTask": {"startTime": "2024-03-14T12:00:00Z", "snapshots": [{"step": 1, "meanLoss": 0.5}]}}': {
        "tuning_task": {}
    },
    '{"tunedModelSource": {"tunedModel": "tunedModels/a", "baseModel": "models/b"}}': {
        "tuned_model_source": {"tuned_model": "tunedModels/a"}
    },
    # a name given twice: the last scalar counts, lists grow, messages merge
    '{"displayName": "a", "display_name": "b"}': {"display_name": "b"},
    '{"readerProjectNumbers": [1], "reader_project_numbers": [2]}': {"reader_project_numbers": [1, 2]},
    '{"tuningTask": {"hyperparameters": {"epochCount": 1}}, "tuning_task": {"hyperparameters": {}}}': {
        "tuning_task": {"hyperparameters": {}}
    },
    # one value for a list
    '{"readerProjectNumbers": 7}': {"reader_project_numbers": [7]},
}


@pytest.mark.parametrize("text", READ)
def test_valid_bodies(text: str) -> None:
    """The value for the core, without violations."""
    assert body(text) == (READ[text], [])


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        # enums by name in any case, by number, known or not, by a number in a string
        ("Permission", '{"role": "READER"}', {"role": 3}),
        ("Permission", '{"role": "reader"}', {"role": 3}),
        ("Permission", '{"granteeType": 1, "role": 2.0}', {"grantee_type": 1, "role": 2}),
        ("Permission", '{"role": "3"}', {"role": 3}),
        ("Permission", '{"role": 99}', {"role": 99}),
        ("Permission", '{"role": 0}', {"role": 0}),
        ("SafetySetting", '{"category": "harm-category-harassment"}', {"category": 7}),
        # bools
        ("GenerationConfig", '{"responseLogprobs": true}', {"response_logprobs": True}),
        ("GenerationConfig", '{"responseLogprobs": "false"}', {"response_logprobs": False}),
        ("GenerationConfig", '{"responseLogprobs": "Yes"}', {"response_logprobs": True}),
        # bytes in either alphabet, padded or not
        ("Blob", '{"data": "/wA="}', {"data": b"\xff\x00"}),
        ("Blob", '{"data": "_wA"}', {"data": b"\xff\x00"}),
        # free forms and maps
        ("FunctionCall", '{"args": {"a_b": [1, null, {"c": 0.5}]}}', {"args": {"a_b": [1, None, {"c": 0.5}]}}),
        ("FunctionCall", '{"args": {}}', {"args": {}}),
        ("GenerationConfig", '{"responseJsonSchema": [1]}', {"response_json_schema_ordered": [1]}),
        ("GenerationConfig", '{"_responseJsonSchema": false}', {"response_json_schema": False}),
        ("Schema", '{"properties": {"k": {"type": "string"}, "n": null}}', {"properties": {"k": {"type": 1}}}),
        ("Schema", '{"enum": ["a", ""]}', {"enum": ["a", ""]}),
        # well-known types, at their zero too
        ("google.type.Interval", '{"startTime": "1970-01-01T00:00:00Z"}', {"start_time": 0}),
        ("google.rpc.RetryInfo", '{"retryDelay": "37s"}', {"retry_delay": "37s"}),
    ],
)
def test_bodies_of_other_messages(name: str, text: str, value: dict[str, Any]) -> None:
    """The kinds of members that a tuned model does not have."""
    assert body(text, name, ROOT) == (value, [])


def test_not_a_number() -> None:
    """NaN is a string in JSON."""
    value, findings = body('{"temperature": "NaN"}')

    assert math.isnan(value["temperature"])
    assert findings == []


# -- Bodies that are refused ---------------------------------------------------------------------------------

INVALID: dict[str, list[Finding]] = {
    # the root
    "[]": [unknown("", ROOT, "Root element must be a message.")],
    '"a"': [unknown("", ROOT, "Root element must be a message.")],
    "null": [unknown("", ROOT, "Root element must be a message.")],
    # unknown members, as they were spelled
    '{"x": 1}': [unknown("x", "tuned_model")],
    '{"display_Name": "a"}': [unknown("display_Name", "tuned_model")],
    '{"x": null}': [unknown("x", "tuned_model")],
    '{"tuningTask": {"hyperparameters": {"epochs": 5}}}': [unknown("epochs", f"{TASK}.hyperparameters")],
    '{"tuningTask": {"trainingData": {"examples": {"examples": [{}, {"input": "1"}]}}}}': [
        unknown("input", f"{EXAMPLES}[1]")
    ],
    # a list where one value belongs
    '{"displayName": ["a"]}': [list_in("displayName", "tuned_model")],
    '{"displayName": []}': [list_in("displayName", "tuned_model")],
    '{"tuning_task": [{}]}': [list_in("tuning_task", "tuned_model")],
    '{"readerProjectNumbers": [[1]]}': [list_in("", "tuned_model.reader_project_numbers[0]")],
    # an object where a scalar belongs: the parent's path, the member's proto name
    '{"displayName": {}}': [invalid("tuned_model", "display_name", "Starting an object on a scalar field")],
    '{"tuningTask": {"hyperparameters": {"epochCount": {"value": 5}}}}': [
        invalid(f"{TASK}.hyperparameters", "epoch_count", "Starting an object on a scalar field")
    ],
    '{"readerProjectNumbers": [{}]}': [
        invalid("tuned_model", "reader_project_numbers", "Starting an object on a scalar field")
    ],
    # a scalar where a message belongs
    '{"tuningTask": "a"}': [invalid(TASK, f"{PACKAGE}.TuningTask", '"a"')],
    '{"tuningTask": {"snapshots": [1]}}': [invalid(f"{TASK}.snapshots[0]", f"{PACKAGE}.TuningSnapshot", "1")],
    # strings
    '{"displayName": 1}': [invalid("tuned_model.display_name", "TYPE_STRING", "1")],
    '{"displayName": 1.5}': [invalid("tuned_model.display_name", "TYPE_STRING", "1.5")],
    '{"displayName": true}': [invalid("tuned_model.display_name", "TYPE_STRING", "true")],
    # integers
    '{"topK": 1.5}': [invalid("tuned_model.top_k", "TYPE_INT32", "1.5")],
    '{"topK": "2.0"}': [invalid("tuned_model.top_k", "TYPE_INT32", '"2.0"')],
    '{"topK": "1e1"}': [invalid("tuned_model.top_k", "TYPE_INT32", '"1e1"')],
    '{"topK": "a"}': [invalid("tuned_model.top_k", "TYPE_INT32", '"a"')],
    '{"topK": ""}': [invalid("tuned_model.top_k", "TYPE_INT32", '""')],
    '{"topK": " 1"}': [invalid("tuned_model.top_k", "TYPE_INT32", '" 1"')],
    '{"topK": "٣"}': [invalid("tuned_model.top_k", "TYPE_INT32", '"٣"')],
    '{"topK": true}': [invalid("tuned_model.top_k", "TYPE_INT32", "true")],
    '{"topK": 2147483648}': [invalid("tuned_model.top_k", "TYPE_INT32", "2147483648")],
    '{"topK": 1e300}': [invalid("tuned_model.top_k", "TYPE_INT32", "1e+300")],
    '{"readerProjectNumbers": ["1", "x"]}': [invalid("tuned_model.reader_project_numbers[1]", "TYPE_INT64", '"x"')],
    '{"readerProjectNumbers": [9223372036854775808]}': [
        invalid("tuned_model.reader_project_numbers[0]", "TYPE_INT64", "9223372036854775808")
    ],
    # floats
    '{"temperature": "warm"}': [invalid("tuned_model.temperature", "TYPE_FLOAT", '"warm"')],
    '{"temperature": "0x1"}': [invalid("tuned_model.temperature", "TYPE_FLOAT", '"0x1"')],
    '{"temperature": "nan"}': [invalid("tuned_model.temperature", "TYPE_FLOAT", '"nan"')],
    '{"temperature": "1e999"}': [invalid("tuned_model.temperature", "TYPE_FLOAT", '"1e999"')],
    '{"temperature": "٣"}': [invalid("tuned_model.temperature", "TYPE_FLOAT", '"٣"')],
    '{"temperature": 3.4028236e+38}': [invalid("tuned_model.temperature", "TYPE_FLOAT", "3.4028236e+38")],
    '{"temperature": false}': [invalid("tuned_model.temperature", "TYPE_FLOAT", "false")],
    # enums, even where the service alone sets them
    '{"state": "DONE"}': [invalid("tuned_model.state", f"{PACKAGE}.TunedModel.State", '"DONE"')],
    '{"state": "77"}': [invalid("tuned_model.state", f"{PACKAGE}.TunedModel.State", '"77"')],
    '{"state": "actıve"}': [invalid("tuned_model.state", f"{PACKAGE}.TunedModel.State", '"actıve"')],
    '{"state": true}': [invalid("tuned_model.state", f"{PACKAGE}.TunedModel.State", "true")],
    # timestamps, even where the service alone sets them
    '{"createTime": "yesterday"}': [
        invalid("tuned_model.create_time", TIMESTAMP, f"Field 'createTime', {BAD_TIME}"),
    ],
    '{"create_time": "2024-03-14T12:00:00"}': [
        invalid("tuned_model.create_time", TIMESTAMP, f"Field 'create_time', {BAD_TIME}"),
    ],
    '{"tuningTask": {"snapshots": [{}, {"computeTime": "x"}]}}': [
        invalid(f"{TASK}.snapshots[1].compute_time", TIMESTAMP, f"Field 'computeTime', {BAD_TIME}")
    ],
    '{"createTime": 5}': [
        invalid(
            "tuned_model.create_time",
            TIMESTAMP,
            "Field 'createTime', Invalid data type for timestamp, value is 5",
        )
    ],
    # oneofs, with the last name as it was spelled
    '{"tuningTask": {"hyperparameters": {"learning_rate": 0.001, "learningRateMultiplier": 1}}}': [
        invalid(
            "tuned_model.tuning_task.hyperparameters",
            "oneof",
            "oneof field 'learning_rate_option' is already set. Cannot set 'learningRateMultiplier'",
        )
    ],
    '{"tuningTask": {"hyperparameters": {"learningRate": 0.001, "learning_rate": 0.001}}}': [
        invalid(
            "tuned_model.tuning_task.hyperparameters",
            "oneof",
            "oneof field 'learning_rate_option' is already set. Cannot set 'learning_rate'",
        )
    ],
    '{"baseModel": "a", "tunedModelSource": {"x": 1}}': [
        invalid("tuned_model", "oneof", "oneof field 'source_model' is already set. Cannot set 'tunedModelSource'")
    ],
    # several at once, in the order of the text
    '{"y": 1, "topK": 1.5, "tuningTask": {"z": 2, "startTime": ""}, "displayName": 3}': [
        unknown("y", "tuned_model"),
        invalid("tuned_model.top_k", "TYPE_INT32", "1.5"),
        unknown("z", TASK),
        invalid(f"{TASK}.start_time", TIMESTAMP, f"Field 'startTime', {BAD_TIME}"),
        invalid("tuned_model.display_name", "TYPE_STRING", "3"),
    ],
}


@pytest.mark.parametrize("text", INVALID)
def test_invalid_bodies(text: str) -> None:
    """Every violation has its field and its text."""
    assert body(text)[1] == INVALID[text]


@pytest.mark.parametrize(
    ("name", "text", "findings"),
    [
        ("GenerateContentRequest", '{"x": 1}', [unknown("x", ROOT)]),
        ("GenerateContentRequest", '{"model": {}}', [invalid(ROOT, "model", "Starting an object on a scalar field")]),
        (
            "GenerateContentRequest",
            '{"contents": [{"parts": [{"text": "a", "inlineData": {}}]}]}',
            [invalid("contents[0].parts[0]", "oneof", "oneof field 'data' is already set. Cannot set 'inlineData'")],
        ),
        ("GenerateContentRequest", '{"contents": ["a"]}', [invalid("contents[0]", f"{PACKAGE}.Content", '"a"')]),
        ("GenerationConfig", '{"responseLogprobs": 1}', [invalid("response_logprobs", "TYPE_BOOL", "1")]),
        ("GenerationConfig", '{"responseLogprobs": "x"}', [invalid("response_logprobs", "TYPE_BOOL", '"x"')]),
        ("Blob", '{"data": "a"}', [invalid("data", "TYPE_BYTES", '"a"')]),
        ("Blob", '{"data": "?"}', [invalid("data", "TYPE_BYTES", '"?"')]),
        # a struct takes an object only; observed for the response of a function
        ("FunctionCall", '{"args": []}', [list_in("args", ROOT)]),
        (
            "FunctionCall",
            '{"args": "a"}',
            [invalid("args", "type.googleapis.com/google.protobuf.Struct", '"a"')],
        ),
        # maps: observed for the properties of a function's parameters
        (
            "FunctionDeclaration",
            '{"parameters": {"properties": []}}',
            [invalid("parameters", "Map", "Cannot bind a list to map for field 'properties'.")],
        ),
        (
            "Schema",
            '{"properties": {"a": {}, "b": {"type": "x"}}}',
            [invalid("properties[1].value.type", f"{PACKAGE}.Type", '"x"')],
        ),
        (
            "google.rpc.RetryInfo",
            '{"retryDelay": "37"}',
            [
                invalid(
                    "retry_delay",
                    "type.googleapis.com/google.protobuf.Duration",
                    "Field 'retryDelay', Illegal duration format; duration must end with 's'",
                )
            ],
        ),
    ],
)
def test_invalid_bodies_of_other_messages(name: str, text: str, findings: list[Finding]) -> None:
    """For messages that fill the whole body, whose root has no name, and for other kinds."""
    assert body(text, name, ROOT)[1] == findings


def test_versions_differ() -> None:
    """A member of another version is unknown."""
    surface = surface_of("v1beta3")
    reader = Reader(surface)
    reader.read_body(b'{"learningRateMultiplier": 1}', surface.message("Hyperparameters"), "h")

    assert reader.violations == [Violation(*unknown("learningRateMultiplier", "h"))]


def test_both_spellings_of_v1beta3s_learning_rate() -> None:
    """The last spelling counts, because there is no oneof."""
    surface = surface_of("v1beta3")
    text = b'{"learningRate": 1, "learning_rate": 2}'

    assert Reader(surface).read_body(text, surface.message("Hyperparameters")) == {"learning_rate": 2.0}


def test_one_error_for_all_violations() -> None:
    """The message joins the lines of the violations; without violations there is no error."""
    reader = Reader(surface_of("v1beta"))
    reader.raise_violations()
    reader.violations += [Violation("a", "one"), Violation("", "two")]

    with pytest.raises(StatusError) as refusal:
        reader.raise_violations()
    assert refusal.value.status.message == "one\ntwo"
    assert refusal.value.status.code is Code.INVALID_ARGUMENT


@pytest.mark.parametrize("name", ["temperature", "topK"])
def test_a_number_without_end_is_refused_quickly(name: str) -> None:
    """A string of a million digits with a letter behind them takes no longer than any text of its length."""
    started = time.process_time()
    _, findings = body(f'{{"{name}": "{"9" * 1_000_000}x"}}')

    assert time.process_time() - started < 3
    assert len(findings) == 1
    assert findings[0][1].startswith(
        f"Invalid value at 'tuned_model.{'temperature' if name == 'temperature' else 'top_k'}'"
    )


def test_violations_are_limited() -> None:
    """A body with a thousand unknown names gets the first hundred of them."""
    text = json.dumps({f"n{number}": 0 for number in range(1000)})

    assert body(text)[1] == [unknown(f"n{number}", "tuned_model") for number in range(100)]


def test_violations_of_a_query_are_limited(http: FlaskClient) -> None:
    """The limit is for the whole request."""
    query = "&".join(f"q{number}=0" for number in range(80))
    response = http.post(f"/v1beta/tunedModels?{query}", json={f"n{number}": 0 for number in range(80)})

    assert response.status_code == 400
    assert len(response.get_json()["error"]["details"][0]["fieldViolations"]) == 100


# -- Text that is no JSON ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (" \n ", f"{PAYLOAD}Unexpected end of string. Expected a value.\n \n \n   ^"),
        ("{", f"{PAYLOAD}Unexpected end of string. Expected an object key or }}.\n{{\n ^"),
        ('{"topK": 01}', f'{PAYLOAD}Octal/hex numbers are not valid JSON values.\n{{"topK": 01}}\n         ^'),
        ('{"a": 1} x', f'{PAYLOAD}Parsing terminated before end of input.\n{{"a": 1}} x\n         ^'),
        ('{"k":' * 101 + "1" + "}" * 101, "Message too deep. Max recursion depth reached for key 'k'"),
    ],
)
def test_text_that_is_not_json(text: str, message: str) -> None:
    """It is refused at once and without details, whatever else is wrong."""
    with pytest.raises(StatusError) as refusal:
        body(text)

    assert refusal.value.status == Status(Code.INVALID_ARGUMENT, message)


def test_depth() -> None:
    """A hundred nested objects are read."""
    text = '{"items":' * 99 + "{}" + "}" * 99

    assert body(text, "Schema")[1] == []


# -- Query strings -------------------------------------------------------------------------------------------

LIST, UPDATE, CREATE = "ListTunedModelsRequest", "UpdateTunedModelRequest", "CreateTunedModelRequest"


def cannot_bind(name: str) -> Finding:
    """Return the finding for the unknown query parameter *name*."""
    reason = f"Cannot bind query parameter. Field '{name}' could not be found in request message."
    return ROOT, f'{PAYLOAD}Unknown name "{name}": {reason}'


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        (LIST, "", {}),
        (LIST, "&", {}),
        (LIST, "pageSize=5&pageToken=a", {"page_size": 5, "page_token": "a"}),
        (LIST, "page_size=5&page_token=a", {"page_size": 5, "page_token": "a"}),
        (LIST, "pageSize=%2B2", {"page_size": 2}),
        (LIST, "pageSize=02", {"page_size": 2}),
        (LIST, "pageSize=-2", {"page_size": -2}),
        (LIST, "pageSize=0", {}),
        (LIST, "pageSize=1&page_size=2&pageSize=3", {"page_size": 3}),
        (LIST, "pageToken", {}),
        (LIST, "pageToken=", {}),
        (LIST, "pageToken=a=b", {"page_token": "a=b"}),
        (LIST, "filter=owner:me", {"filter": "owner:me"}),
        (LIST, "filter=a+b%20c%2Bd", {"filter": "a b c+d"}),
        (LIST, "filter=%E4%B8%83", {"filter": "七"}),
        (LIST, "filter=七", {"filter": "七"}),
        (LIST, "filter=%FF%zz%", {"filter": "\ufffd%zz%"}),
        (LIST, "page%53ize=4", {"page_size": 4}),
        (UPDATE, "updateMask=a%2CdisplayName", {"update_mask": "a,displayName"}),
        (UPDATE, "update_mask=display_name,description", {"update_mask": "display_name,description"}),
        (CREATE, "tunedModelId=my-model", {"tuned_model_id": "my-model"}),
        *[
            (
                "google.longrunning.ListOperationsRequest",
                f"returnPartialSuccess={text}",
                {"return_partial_success": True},
            )
            for text in ("true", "t", "yes", "y", "1", "TRUE", "Yes")
        ],
        *[
            ("google.longrunning.ListOperationsRequest", f"returnPartialSuccess={text}", {})
            for text in ("false", "f", "no", "n", "0", "FALSE", "No")
        ],
    ],
)
def test_valid_query_strings(name: str, text: str, value: dict[str, Any]) -> None:
    """Both spellings, any percent-encoding; the last of a repeated parameter counts."""
    assert query(text, name) == (value, [])


@pytest.mark.parametrize(
    ("name", "text", "findings"),
    [
        *[
            (LIST, f"pageSize={text}", [invalid("page_size", "TYPE_INT32", f'"{value}"')])
            for text, value in (
                ("abc", "abc"),
                ("1.5", "1.5"),
                ("1e1", "1e1"),
                ("", ""),
                ("2147483648", "2147483648"),
                ("+2", " 2"),
                ("2%20", "2 "),
                ("0x10", "0x10"),
                ("%D9%A3", "٣"),
                ("null", "null"),
            )
        ],
        (
            "google.longrunning.ListOperationsRequest",
            "returnPartialSuccess=x",
            [invalid("return_partial_success", "TYPE_BOOL", '"x"')],
        ),
        (LIST, "x=1", [cannot_bind("x")]),
        (LIST, "PageSize=1", [cannot_bind("PageSize")]),
        (LIST, "pageSize.x=1", [cannot_bind("pageSize.x")]),
        (LIST, "=1", [cannot_bind("")]),
        (UPDATE, "tunedModel=1", [cannot_bind("tunedModel")]),
        (UPDATE, "tunedModel.description=1", [cannot_bind("tunedModel.description")]),
        (LIST, "x=1&pageSize=a&y", [cannot_bind("x"), invalid("page_size", "TYPE_INT32", '"a"'), cannot_bind("y")]),
    ],
)
def test_invalid_query_strings(name: str, text: str, findings: list[Finding]) -> None:
    """A violation names the field by its proto name; an unknown parameter has no field."""
    assert query(text, name, "tuned_model")[1] == findings


def test_query_is_refused_if_the_body_is_the_request() -> None:
    """Its members cannot be in the query."""
    assert query("emailAddress=a@example.com", "TransferOwnershipRequest", "*")[1] == [cannot_bind("emailAddress")]


@given(st.binary())
def test_any_query_string_has_pairs(text: bytes) -> None:
    """Any query string splits into text that can be written again."""
    for pair in query_pairs(text):
        "".join(pair).encode()


# -- Through HTTP --------------------------------------------------------------------------------------------


def test_violations_of_body_and_query_are_one_error(http: FlaskClient) -> None:
    """A violation at the root has no field."""
    response = http.post("/v1beta/tunedModels?x=1&tunedModelId=a", data='{"y": 1}')

    descriptions = [unknown("y", "tuned_model")[1], cannot_bind("x")[1]]
    assert response.status_code == 400
    assert response.get_json() == {
        "error": {
            "code": 400,
            "message": "\n".join(descriptions),
            "status": "INVALID_ARGUMENT",
            "details": [
                {
                    "@type": "type.googleapis.com/google.rpc.BadRequest",
                    "fieldViolations": [
                        {"field": "tuned_model", "description": descriptions[0]},
                        {"description": descriptions[1]},
                    ],
                }
            ],
        }
    }


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1beta/tunedModels", "tuned_model"),
        ("/v1beta/tunedModels/a/permissions", "permission"),
        ("/v1beta/tunedModels/a:generateContent", None),
    ],
)
def test_paths_begin_with_the_member_that_the_body_sets(http: FlaskClient, path: str, field: str | None) -> None:
    """``tuned_model`` and ``permission``; no field if the body is the whole request."""
    error = http.post(path, json={"x": 1}).get_json()["error"]
    at = f" at '{field}'" if field else ""

    assert error["message"] == f'{PAYLOAD}Unknown name "x"{at}: Cannot find field.'
    assert error["details"][0]["fieldViolations"][0].get("field") == field


def test_lenient_json(http: FlaskClient, tutorial: Callable[..., dict[str, Any]]) -> None:
    """A tutorial's call with trailing commas, single quotes and bare keys is accepted."""
    text = json.dumps(tutorial()).replace("}", ",}").replace("]", ",]")
    text = text.replace('"display_name"', "display_name").replace(
        '"number generator model"', "'number generator model'"
    )

    assert http.post("/v1beta/tunedModels", data=text).status_code == 200


@pytest.mark.parametrize("text", ["", "{}"])
def test_empty_bodies(http: FlaskClient, active: str, text: str) -> None:
    """No body is an empty message: a patch changes nothing, and a grant lacks its members."""
    unchanged = http.patch(f"/v1beta/{active}", data=text)
    nobody = http.post(f"/v1beta/{active}:transferOwnership", data=text, content_type="application/json")

    assert (unchanged.status_code, unchanged.text) == (200, "{}\n")
    assert nobody.get_json()["error"]["message"].startswith("* TransferOwnershipRequest.email_address")


def test_body_of_a_get_is_ignored(http: FlaskClient, active: str) -> None:
    """The body of a GET or DELETE is not read."""
    assert http.get(f"/v1beta/{active}", data="{").status_code == 200
    assert http.delete(f"/v1beta/{active}", json={}).status_code == 200


@pytest.mark.parametrize(("excess", "text"), [(0, "Unexpected token."), (1, "payload size")])
def test_large_bodies(http: FlaskClient, excess: int, text: str) -> None:
    """Twenty MiB are read, and one byte more is refused."""
    response = http.post("/v1beta/tunedModels", data=b"x" * (20 * 1024 * 1024 + excess))
    message = response.get_json()["error"]["message"]

    assert response.status_code == 400
    assert text in message
    if excess:
        assert message == "Request payload size exceeds the limit: 20971520 bytes."
