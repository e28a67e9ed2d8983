"""Tests the check of answers against the schema, with recorded answers, with invalid ones and with the mock server."""

from __future__ import annotations

import copy
import json
import math
import struct
from typing import Any, get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tunedmodels_contracts.schema.scalars import shortest
from tunedmodels_contracts.schema.surface import surface
from tunedmodels_contracts.schema.validate import parse, validate, validate_answer, validate_error
from tunedmodels_contracts.schema.violation import Kind, SchemaViolation
from tunedmodels_mockserver import ManualClock, Settings, create_app

Json = dict[str, Any]
TYPES = "type.googleapis.com/google.ai.generativelanguage.v1beta"
TYPE = f"{TYPES}.CreateTunedModelMetadata"
RPC = "type.googleapis.com/google.rpc"
MODEL = "tunedModels/number-generator-model-abcdefghijkl"


# --- answers in recorded forms, with other values


def new_operation() -> Json:
    return {
        "name": f"{MODEL}/operations/abcdefghijkl",
        "metadata": {"@type": TYPE, "totalSteps": 38, "tunedModel": MODEL},
    }


def snapshots(count: int) -> list[Json]:
    """Return *count* snapshots. Losses have 32 bits, and an epoch of 0 is omitted."""
    return [
        {
            "step": step,
            **({"epoch": step * 2 // 15} if step * 2 // 15 else {}),
            "meanLoss": shortest(11.5 / step),
            "computeTime": f"2024-07-20T18:{step // 60 % 60:02d}:{step % 60:02d}.{step:09d}Z",
        }
        for step in range(1, count + 1)
    ]


def new_model(name: str = MODEL) -> Json:
    return {
        "name": name,
        "baseModel": "models/text-bison-001",
        "displayName": "number generator model",
        "state": "CREATING",
        "createTime": "2023-09-19T19:04:17.123456Z",
        "updateTime": "2023-09-19T19:04:17.123456Z",
        "tuningTask": {
            "startTime": "2023-09-19T19:04:17.876543210Z",
            "hyperparameters": {"epochCount": 3, "batchSize": 2, "learningRate": 0.001},
        },
        "temperature": 0.7,
        "topP": 0.95,
        "topK": 40,
    }


def active_model() -> Json:
    task = {
        "startTime": "2024-07-20T18:23:31.528229372Z",
        "completeTime": "2024-07-20T18:25:31.801179Z",
        "snapshots": snapshots(38),
        "hyperparameters": {"epochCount": 5, "batchSize": 2, "learningRate": 0.001},
    }
    return {**new_model(), "state": "ACTIVE", "tuningTask": task, "temperature": 0.9, "topP": 1, "topK": 0}


def done_operation() -> Json:
    metadata = {
        "@type": TYPE,
        "totalSteps": 38,
        "completedSteps": 38,
        "completedPercent": 100,
        "snapshots": snapshots(38),
        "tunedModel": MODEL,
    }
    response = {"@type": f"{TYPES}.TunedModel", **active_model()}
    return {"name": new_operation()["name"], "metadata": metadata, "done": True, "response": response}


def failed_operation() -> Json:
    error = {"code": 1, "message": "The operation was cancelled."}
    return {"name": new_operation()["name"], "metadata": new_operation()["metadata"], "done": True, "error": error}


def generation() -> Json:
    harms = ("SEXUALLY_EXPLICIT", "HATE_SPEECH", "HARASSMENT", "DANGEROUS_CONTENT")
    ratings = [{"category": f"HARM_CATEGORY_{harm}", "probability": "NEGLIGIBLE"} for harm in harms]
    candidate = {
        "content": {"parts": [{"text": "LXIV"}], "role": "model"},
        "finishReason": "STOP",
        "index": 0,
        "safetyRatings": ratings,
    }
    usage = {"promptTokenCount": 3, "candidatesTokenCount": 3, "totalTokenCount": 6}
    return {"candidates": [candidate], "promptFeedback": {"safetyRatings": ratings}, "usageMetadata": usage}


def permission() -> Json:
    return {
        "name": f"{MODEL}/permissions/101234567890123456789",
        "granteeType": "USER",
        "emailAddress": "somebody@example.com",
        "role": "READER",
    }


def base_model() -> Json:
    return {
        "name": "models/text-bison-001",
        "version": "001",
        "displayName": "A model",
        "inputTokenLimit": 8196,
        "outputTokenLimit": 1024,
        "supportedGenerationMethods": ["generateText", "createTunedTextModel"],
        "temperature": 0.7,
        "topP": 0.95,
        "topK": 40,
        "maxTemperature": 2,
    }


GOOD: list[tuple[str, str, Any]] = [
    ("tunedModels.create", "v1beta", new_operation()),
    ("tunedModels.operations.get", "v1beta", new_operation()),
    ("tunedModels.operations.get", "v1", done_operation()),
    ("tunedModels.operations.get", "v1beta", failed_operation()),
    (
        "tunedModels.operations.list",
        "v1beta",
        {"operations": [new_operation(), done_operation()], "nextPageToken": "t"},
    ),
    ("tunedModels.operations.cancel", "v1", {}),
    ("tunedModels.get", "v1beta", new_model()),
    ("tunedModels.get", "v1beta", active_model()),
    ("tunedModels.list", "v1beta", {"tunedModels": [active_model(), new_model()]}),
    ("tunedModels.list", "v1beta", {}),
    ("tunedModels.patch", "v1beta", {"displayName": "x", "description": "y"}),
    ("tunedModels.delete", "v1beta", {}),
    ("tunedModels.transferOwnership", "v1beta", {}),
    ("tunedModels.generateContent", "v1beta", generation()),
    ("tunedModels.streamGenerateContent", "v1", [generation(), generation()]),
    ("tunedModels.permissions.create", "v1beta", permission()),
    ("tunedModels.permissions.list", "v1beta", {"permissions": [permission()]}),
    ("models.get", "v1", base_model()),
    ("models.list", "v1beta", {"models": [base_model()]}),
    ("models.countTokens", "v1beta", {"totalTokens": 3}),
]


@pytest.mark.parametrize(("method", "version", "value"), GOOD, ids=[f"{row[0]} {row[1]}" for row in GOOD])
def test_recorded_forms_are_valid(method: str, version: str, value: Any) -> None:
    """An answer in a form that the service sent has no findings."""
    assert validate_answer(method, version, 200, value) == []


def test_recorded_forms_have_the_recorded_size() -> None:
    """The recorded answers had 296 bytes for a create call and 494 for a get call."""
    assert len(json.dumps(new_operation(), indent=2)) + 1 == 296
    assert len(json.dumps(new_model(), indent=2)) + 1 == 494


# --- error answers


def error(code: int, status: str, *details: Json) -> Json:
    envelope: Json = {"code": code, "message": "This did not work.", "status": status}
    return {"error": {**envelope, "details": [*details]} if details else envelope}


INFO = {
    "@type": f"{RPC}.ErrorInfo",
    "reason": "API_KEY_INVALID",
    "domain": "googleapis.com",
    "metadata": {"service": "generativelanguage.googleapis.com"},
}
VIOLATION = {"field": "tuned_model", "description": "no"}
QUOTA = {"quotaMetric": "m", "quotaId": "i", "quotaDimensions": {"location": "global"}, "quotaValue": "15"}
ERRORS = [
    error(404, "NOT_FOUND"),
    error(400, "FAILED_PRECONDITION"),
    error(400, "INVALID_ARGUMENT", INFO, {"@type": f"{RPC}.LocalizedMessage", "locale": "en-US", "message": "no"}),
    error(
        400, "INVALID_ARGUMENT", {"@type": f"{RPC}.BadRequest", "fieldViolations": [VIOLATION, {"description": "n"}]}
    ),
    error(401, "UNAUTHENTICATED", INFO),
    error(403, "PERMISSION_DENIED", {"@type": f"{RPC}.Help", "links": [{"description": "d", "url": "https://e"}]}),
    error(409, "ALREADY_EXISTS"),
    error(
        429,
        "RESOURCE_EXHAUSTED",
        {"@type": f"{RPC}.QuotaFailure", "violations": [QUOTA]},
        {"@type": f"{RPC}.RetryInfo", "retryDelay": "37s"},
    ),
    error(499, "CANCELLED"),
    error(500, "INTERNAL"),
    error(503, "UNAVAILABLE"),
]


@pytest.mark.parametrize("value", ERRORS, ids=lambda value: value["error"]["status"])
def test_recorded_errors_are_valid(value: Json) -> None:
    """A recorded error has no findings. The error of a streaming method can be in a list."""
    code = value["error"]["code"]

    assert validate_error(value, code) == []
    assert validate_answer("tunedModels.get", "v1beta", code, value, enum_numbers=True) == []
    assert validate_answer("tunedModels.streamGenerateContent", "v1beta", code, [value]) == []


def test_legacy_errors_need_the_parameter() -> None:
    """With ``$.xgafv=1`` an error has the member ``errors``, without it it must not."""
    reason = {"message": "no", "domain": "global", "reason": "notFound"}
    legacy = {"error": {"code": 404, "message": "no", "errors": [reason], "status": "NOT_FOUND"}}

    assert validate_error(legacy, 404, legacy=True) == []
    assert kinds(validate_error(legacy, 404)) == {("unknown-member", "error.errors")}
    assert kinds(validate_error(error(404, "NOT_FOUND"), 404, legacy=True)) == {("missing-member", "error.errors")}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (error(404, "GONE"), ("unknown-enum-value", "error.status")),
        (error(400, "INVALID_ARGUMENT"), ("status-mismatch", "error.code")),
        (error(404, "ABORTED"), ("status-mismatch", "error.status")),
        ({"error": {"code": 404, "status": "NOT_FOUND", "message": "no"}}, ("out-of-order", "error.message")),
        ({"error": {"code": 404, "message": "no"}}, ("missing-member", "error.status")),
        ({"error": {"code": 404, "message": "no", "status": 5}}, ("wrong-type", "error.status")),
        ({"error": {**error(404, "NOT_FOUND")["error"], "details": []}}, ("zero-written", "error.details")),
        (error(404, "NOT_FOUND", {"reason": "R", "domain": "d"}), ("any-type", "error.details[0]")),
        (
            error(404, "NOT_FOUND", {"@type": f"{RPC}.ErrorInfo", "reason": "R"}),
            ("missing-member", "error.details[0].domain"),
        ),
        (error(404, "NOT_FOUND", {"@type": f"{TYPES}.TunedModel", **new_model()}), ("any-type", "error.details[0]")),
        ({"error": "not found"}, ("wrong-type", "error")),
        ({}, ("missing-member", "error")),
        ([error(404, "NOT_FOUND")], ("wrong-type", "")),
    ],
)
def test_invalid_error_is_found(value: Any, expected: tuple[str, str]) -> None:
    """Each violation in an error is found at its place."""
    assert expected in kinds(validate_answer("tunedModels.get", "v1beta", 404, value))


# --- invalid answers


def kinds(findings: list[SchemaViolation]) -> set[tuple[str, str]]:
    return {(finding.kind, finding.place) for finding in findings}


def replace_in(value: Json, path: str, put: Any) -> Json:
    """Return a copy of *value* with *put* at *path*. An existing member keeps its position."""
    value = copy.deepcopy(value)
    *way, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    inner: Any = value
    for step in way:
        inner = inner[step]
    inner[last] = put
    return value


def active_with(path: str, put: Any) -> Json:
    """Return an active model with *put* at *path*."""
    return replace_in(active_model(), path, put)


def without(value: Json, name: str) -> Json:
    return {member: inner for member, inner in value.items() if member != name}


LOSS = "tuningTask.snapshots[3].meanLoss"
VIOLATIONS: list[tuple[str, Json, Kind, str]] = [
    ("TunedModel", active_with("tuningTask/snapshots/3/loss", 1), "unknown-member", "tuningTask.snapshots[3].loss"),
    ("TunedModel", active_with("display_name", "n"), "unknown-member", "display_name"),
    ("TunedModel", without(active_model(), "state"), "missing-member", "state"),
    ("TunedModel", without(active_model(), "baseModel"), "missing-member", ""),
    (
        "TunedModel",
        active_with("tuningTask/snapshots/3", {"step": 4}),
        "missing-member",
        "tuningTask.snapshots[3].computeTime",
    ),
    ("TunedModel", active_with("tuningTask/trainingData", {}), "input-only", "tuningTask.trainingData"),
    ("TunedModel", active_with("tuningTask/snapshots/3/meanLoss", "1.5"), "wrong-type", LOSS),
    ("TunedModel", active_with("tuningTask/snapshots/3/meanLoss", True), "wrong-type", LOSS),
    ("TunedModel", active_with("tuningTask/snapshots/3/meanLoss", None), "wrong-type", LOSS),
    ("TunedModel", active_with("tuningTask/snapshots/3/meanLoss", 1e39), "wrong-type", LOSS),
    ("TunedModel", active_with("tuningTask/snapshots/3/meanLoss", math.inf), "wrong-type", LOSS),
    ("TunedModel", active_with("tuningTask/snapshots/3/step", 4.0), "wrong-type", "tuningTask.snapshots[3].step"),
    ("TunedModel", active_with("tuningTask/snapshots/3/step", 2**31), "wrong-type", "tuningTask.snapshots[3].step"),
    ("TunedModel", active_with("tuningTask/snapshots", {}), "wrong-type", "tuningTask.snapshots"),
    ("TunedModel", active_with("tuningTask", []), "wrong-type", "tuningTask"),
    ("TunedModel", active_with("displayName", 7), "wrong-type", "displayName"),
    ("TunedModel", active_with("createTime", 1722409100), "wrong-type", "createTime"),
    ("TunedModel", active_with("state", 2), "wrong-type", "state"),
    ("TunedModel", active_with("readerProjectNumbers", [123]), "wrong-type", "readerProjectNumbers[0]"),
    ("TunedModel", active_with("readerProjectNumbers", ["0123"]), "wrong-type", "readerProjectNumbers[0]"),
    ("TunedModel", active_with("readerProjectNumbers", ["9" * 5000]), "wrong-type", "readerProjectNumbers[0]"),
    ("TunedModel", active_with("state", "SUCCEEDED"), "unknown-enum-value", "state"),
    ("TunedModel", active_with("state", "STATE_UNSPECIFIED"), "zero-written", "state"),
    ("TunedModel", active_with("displayName", ""), "zero-written", "displayName"),
    ("TunedModel", active_with("readerProjectNumbers", []), "zero-written", "readerProjectNumbers"),
    ("TunedModel", {**new_model(), "description": "late"}, "out-of-order", "description"),
    ("TunedModel", {"name": MODEL, "tunedModelSource": {"tunedModel": MODEL}, **active_model()}, "oneof", "baseModel"),
    ("TunedModel", active_with("createTime", "2024-07-20T18:23:29.427331+00:00"), "bad-time", "createTime"),
    ("TunedModel", active_with("createTime", "2024-07-20T18:23:29.427331228Z"), "bad-time", "createTime"),
    ("TunedModel", active_with("createTime", "2024-02-30T18:23:29.427331Z"), "bad-time", "createTime"),
    (
        "TunedModel",
        active_with("tuningTask/startTime", "2024-07-20T18:23:29.427331Z"),
        "bad-time",
        "tuningTask.startTime",
    ),
    ("TunedModel", active_with("tuningTask/snapshots/3/meanLoss", 7.523674011230469), "float-too-precise", LOSS),
    ("TunedModel", active_with("topP", 1.0), "float-too-precise", "topP"),
    ("TuningSnapshot", replace_in(snapshots(1)[0], "meanLoss", 999999.0), "float-too-precise", "meanLoss"),
    ("TuningSnapshot", replace_in(snapshots(1)[0], "meanLoss", 0), "zero-written", "meanLoss"),
    ("Operation", replace_in(new_operation(), "done", False), "zero-written", "done"),
    (
        "Operation",
        replace_in(done_operation(), "metadata/completedSteps", 0),
        "zero-written",
        "metadata.completedSteps",
    ),
    ("Operation", {**failed_operation(), "response": done_operation()["response"]}, "oneof", "response"),
    (
        "Operation",
        replace_in(new_operation(), "metadata", {"@type": f"{RPC}.RetryInfo", "retryDelay": "3s"}),
        "any-type",
        "metadata",
    ),
    ("Operation", replace_in(new_operation(), "metadata/@type", "TunedModel"), "any-type", "metadata"),
    ("Operation", {"name": "n", "metadata": {"totalSteps": 1, "tunedModel": MODEL}}, "any-type", "metadata"),
    (
        "Operation",
        replace_in(new_operation(), "metadata", {"totalSteps": 1, "@type": TYPE, "tunedModel": MODEL}),
        "any-type",
        "metadata",
    ),
    ("Operation", {"name": "n", "metadata": "m"}, "wrong-type", "metadata"),
    (
        "Operation",
        replace_in(done_operation(), "response/tuningTask/snapshots/9/epoch", 0),
        "zero-written",
        "response.tuningTask.snapshots[9].epoch",
    ),
    ("Part", {"text": "a", "inlineData": {"mimeType": "text/plain", "data": "YQ=="}}, "oneof", "inlineData"),
    ("Blob", {"mimeType": "text/plain", "data": "ä"}, "wrong-type", "data"),
    ("FunctionCall", {"name": "f", "args": []}, "wrong-type", "args"),
    ("Schema", {"type": "OBJECT", "properties": {"a": {"typ": "STRING"}}}, "unknown-member", "properties['a'].typ"),
    ("Schema", {"type": "OBJECT", "properties": []}, "wrong-type", "properties"),
    ("ModelStatus", {"modelStage": "OLD"}, "unknown-enum-value", "modelStage"),
    ("ModelStatus", {"retirementTime": "2024-07-20T18:23:29.4Z"}, "bad-time", "retirementTime"),
    ("VideoMetadata", {"startOffset": "1.5"}, "wrong-type", "startOffset"),
]


@pytest.mark.parametrize(("message", "value", "kind", "place"), VIOLATIONS)
def test_violation_is_found(message: str, value: Json, kind: Kind, place: str) -> None:
    """One invalid member gives one finding, with its kind and its place."""
    assert kinds(validate(value, message)) == {(kind, place)}


def test_every_kind_has_an_example() -> None:
    """Each kind of finding has a test. ``status-mismatch`` is tested with the errors."""
    assert {kind for _, _, kind, _ in VIOLATIONS} | {"status-mismatch"} == {*get_args(Kind)}


@pytest.mark.parametrize(
    ("message", "value"),
    [
        ("TunedModel", {**active_model(), "temperature": 0, "topP": 0, "topK": 0}),
        ("TunedModel", active_with("tuningTask/hyperparameters", {})),
        ("TunedModel", active_with("tuningTask", {})),
        ("TuningSnapshot", {"step": 1, "meanLoss": -1.1145603e-06, "computeTime": "2024-07-20T18:23:29.427331000Z"}),
        ("TuningSnapshot", replace_in(snapshots(1)[0], "meanLoss", 1e06)),
        ("TuningSnapshot", {"step": 1, "meanLoss": "NaN", "computeTime": "2024-07-20T18:23:29.427331228Z"}),
        ("Candidate", {"index": 0, "avgLogprobs": -0.12345678901234567}),
        ("Part", {"text": ""}),
        ("Part", {"functionCall": {"name": "f", "args": {"a": None, "b": [0, ""]}}}),
        ("Part", {"text": "a", "mediaResolution": {"anything": 0}}),
        ("GroundingMetadata", {"groundingSupports": [{"groundingChunkIndices": [0], "confidenceScores": [0]}]}),
        ("ModelStatus", {"modelStage": "STABLE", "retirementTime": "2024-07-20T18:23:29Z"}),
    ],
)
def test_zero_with_presence_is_valid(message: str, value: Json) -> None:
    """A member with presence can be a zero, and so can an item of a list and a value of any form."""
    assert validate(value, message) == []


def test_partial_answer_may_lack_members() -> None:
    """A partial answer may lack required members. Its other members are checked."""
    assert validate({"displayName": "x"}, "TunedModel", partial=True) == []
    assert kinds(validate({"displayName": ""}, "TunedModel", partial=True)) == {("zero-written", "displayName")}
    assert validate_answer("tunedModels.get", "v1beta", 200, {"tuningTask": {}}, partial=True) == []
    assert validate_answer("tunedModels.operations.get", "v1", 200, {"done": True}, partial=True) == []


def test_enum_numbers() -> None:
    """If the request asked for numbers, names are violations. A number is checked if the numbers are known."""
    model = {**active_model(), "state": 2}

    assert validate(model, "TunedModel", enum_numbers=True) == []
    assert kinds(validate(active_model(), "TunedModel", enum_numbers=True)) == {("wrong-type", "state")}
    assert kinds(validate({**model, "state": 4}, "TunedModel", enum_numbers=True)) == {("unknown-enum-value", "state")}
    assert kinds(validate({**model, "state": 0}, "TunedModel", enum_numbers=True)) == {("zero-written", "state")}
    assert validate({"modelStage": 12}, "ModelStatus", enum_numbers=True) == []


def test_operation_of_a_tuning_run_has_metadata() -> None:
    """The answers of create and get have metadata, although the message does not require it."""
    for method in ("tunedModels.create", "tunedModels.operations.get"):
        findings = validate_answer(method, "v1beta", 200, {"name": "n"})
        assert kinds(findings) == {("missing-member", "metadata")}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (generation(), ("wrong-type", "")),
        (
            [generation(), {"candidates": [{"finishReason": "DONE"}]}],
            ("unknown-enum-value", "[1].candidates[0].finishReason"),
        ),
        ([generation(), 1], ("wrong-type", "[1]")),
    ],
)
def test_invalid_stream_is_found(value: Any, expected: tuple[str, str]) -> None:
    """Each message of a stream is checked."""
    assert kinds(validate_answer("tunedModels.streamGenerateContent", "v1beta", 200, value)) == {expected}


def test_unknown_message_or_method_is_refused() -> None:
    """The schema must have the message and the method."""
    with pytest.raises(ValueError, match=r"^The schema of v1 has no message 'TunedModel'\.$"):
        validate({}, "TunedModel", version="v1")
    with pytest.raises(ValueError, match=r"^The schema of v1 has no method 'tunedModels\.get'\.$"):
        validate_answer("tunedModels.get", "v1", 200, {})


def test_finding_is_one_line() -> None:
    """The text of a finding has its place, its kind and its problem."""
    (finding,) = validate(active_with("tuningTask/snapshots/9/epoch", 0), "TunedModel")
    assert str(finding) == "tuningTask.snapshots[9].epoch: zero-written: 0 is the zero and must be omitted"

    (finding,) = validate([], "Permission")
    assert str(finding) == "the answer: wrong-type: [] is not an object, expected Permission"


# --- texts and numbers


def test_parse_keeps_order_and_refuses_duplicates() -> None:
    """``json.loads`` would accept an object with two members of one name."""
    assert [*parse('{"b": 1, "a": {"c": [1.5]}}')] == ["b", "a"]
    with pytest.raises(ValueError, match=r"two members of one name: 'a', 'b'\.$"):
        parse('[{"b": 1, "a": 1, "c": 1, "b": 2, "a": 1}]')
    with pytest.raises(ValueError, match=r"has NaN as a bare word"):
        parse('{"a": NaN}')


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
@example(3.4025001647762064e38)
@example((2 - 2**-23) * 2.0**127)
def test_shortest_float(value: float) -> None:
    """The number has the same 32 bits, and no decimal with fewer digits has them."""
    number = shortest(value)
    digits = len(f"{number:.9g}".lstrip("-0.").partition("e")[0].replace(".", "").rstrip("0"))

    assert struct.pack("<f", number) == struct.pack("<f", value)
    assert shortest(number) == number
    if digits > 1:
        assert float(f"{value:.{digits - 1}g}") == value or not same_bits(float(f"{value:.{digits - 1}g}"), value)


def same_bits(one: float, other: float) -> bool:
    try:
        return struct.pack("<f", one) == struct.pack("<f", other)
    except OverflowError:
        return False


@settings(max_examples=50)
@given(st.floats(width=32, min_value=2**-100, max_value=2**100))
def test_float_of_64_bits_is_found(value: float) -> None:
    """A loss with the digits of 64 bits is a violation, unless it is as short as the one of 32 bits."""
    expected = shortest(value)
    json_number = int(expected) if expected.is_integer() and expected < 1e6 else expected

    def snapshot(loss: float) -> Json:
        return {"step": 1, "meanLoss": loss, "computeTime": "2024-07-20T18:23:29.427331228Z"}

    assert validate(snapshot(json_number), "TuningSnapshot") == []
    if value != expected:
        assert kinds(validate(snapshot(value), "TuningSnapshot")) == {("float-too-precise", "meanLoss")}


def test_negative_zero_is_written() -> None:
    """protobuf omits only the positive zero."""
    snapshot = {"step": 1, "meanLoss": -0.0, "computeTime": "2024-07-20T18:23:29.427331228Z"}
    assert math.copysign(1, snapshot["meanLoss"]) == -1  # type: ignore[arg-type]

    assert validate(snapshot, "TuningSnapshot") == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*surface("v1beta").messages["Operation"].members, "@type", "x"]), inner)
    ),
    max_leaves=10,
)


@given(JSON, st.sampled_from(["Operation", "TunedModel", "Candidate", "Schema", "ErrorAnswer"]))
def test_any_value_can_be_checked(value: Any, message: str) -> None:
    """No JSON value raises an exception."""
    for numbers in (False, True):
        validate(value, message, enum_numbers=numbers)
    validate_error(value, 400)


# --- the answers of the mock server


class Fake:
    """Calls the mock server and checks every answer. ``checked`` has the methods that succeeded."""

    def __init__(self) -> None:
        self.clock = ManualClock(1_710_409_530_123_456_000)
        self._http = create_app(Settings(seed=1), self.clock.now).test_client()
        self.checked: set[str] = set()

    def __call__(
        self, method_id: str, name: str, body: Any = None, *, version: str = "v1beta", **parameters: bool
    ) -> Any:
        """Call the method on the resource *name* (with its query), and return the answer. It must have no findings."""
        method = surface(version).methods[method_id]
        resource, _, query = name.partition("?")
        path = method.path.replace("{+name}", resource).replace("{+model}", resource).replace("{+parent}", resource)
        answer = self._http.open(f"/{path}?{query}", method=method.http, json=body)
        value = parse(answer.get_data())
        if answer.status_code < 400:
            self.checked.add(method_id)
        assert validate_answer(method_id, version, answer.status_code, value, **parameters) == [], (method_id, name)
        return value


PROMPT = {"contents": [{"parts": [{"text": "LXIII"}]}]}
BODIES: list[Json] = [PROMPT, {}, {"content": []}]


def tuning(**members: Any) -> Json:
    rows = [{"textInput": f"{number}", "output": f"{number + 1}"} for number in range(15)]
    return {
        "displayName": "number generator model",
        "baseModel": "models/gemini-1.0-pro-001",
        "tuningTask": {
            "hyperparameters": {"epochCount": 5, "batchSize": 2, "learningRate": 0.001},
            "trainingData": {"examples": {"examples": rows}},
        },
        **members,
    }


def use_generation(fake: Fake) -> None:
    model = fake("tunedModels.create", "", tuning())["metadata"]["tunedModel"]
    fake("tunedModels.generateContent", model, PROMPT)
    fake.clock.advance(60)
    for version in ("v1", "v1beta"):
        for body in BODIES:
            for name in (model, "models/gemini-1.5-flash-001", "models/none"):
                collection = name.partition("/")[0]
                fake(f"{collection}.generateContent", name, body, version=version)
                fake(f"{collection}.streamGenerateContent", name, body, version=version)
        fake("models.countTokens", "models/gemini-1.5-flash-001", PROMPT, version=version)
        for base in fake("models.list", "?pageSize=100", version=version)["models"]:
            fake("models.get", base["name"], version=version)
    old = fake("tunedModels.create", "", tuning(baseModel="models/text-bison-001"))["metadata"]["tunedModel"]
    fake.clock.advance(60)
    fake("tunedModels.generateText", old, {"prompt": {"text": "LXIII"}})
    fake("models.generateText", "models/text-bison-001", {"prompt": {"text": "LXIII"}})


def use_invalid_requests(fake: Fake) -> None:
    fake("tunedModels.get", "tunedModels/none")
    fake("tunedModels.get", "tunedModels/none?$.xgafv=1", legacy=True)
    fake("tunedModels.create", "", tuning(tunedModelX=1))
    fake("tunedModels.create", "", tuning(displayName="x" * 41))
    fake("tunedModels.create", "", tuning(tunedModelSource={"tunedModel": "tunedModels/none"}))
    fake("tunedModels.create", "", [])
    fake("tunedModels.list", "?pageSize=x&pageSise=1")
    fake("operations.delete", "operations/none", version="v1")
    for method in ("batchGenerateContent", "asyncBatchEmbedContent"):
        fake(f"tunedModels.{method}", "tunedModels/none", {})


def test_mock_server_matches_the_schema() -> None:
    """No answer of the mock server has a finding, also of the methods of which no clause asks for a success.

    The clauses check all other answers in the same way. The schema is not the one that the server uses.
    """
    checked: set[str] = set()
    for use in (use_generation, use_invalid_requests):
        fake = Fake()
        use(fake)
        checked |= fake.checked

    assert checked >= {
        "models.countTokens",
        "models.generateText",
        "models.streamGenerateContent",
        "tunedModels.generateText",
    }
