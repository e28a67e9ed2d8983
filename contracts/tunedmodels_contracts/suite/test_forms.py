"""These clauses check how the service writes JSON, which headers it sends, and which parameters change that."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from tunedmodels_contracts.clauses.clause import Cost, Level, clause
from tunedmodels_contracts.harness.answer import Answer
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.tuning_runs import ObservedRun
from tunedmodels_contracts.targets.target import Target

CREATE, GET, PATCH = "tunedModels.create", "tunedModels.get", "tunedModels.patch"
OPERATION, MODEL = "tunedModels.operations.get", "models.get"
SIX_DIGITS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
NINE_DIGITS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")
MISSING = "v1beta/tunedModels/contracts-none"


def _to_pretty_json(text: str) -> str:
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"


def _patch_description(api: Api, run: ObservedRun, description: str) -> Answer:
    return api.patch(f"v1beta/{run.name}", {"description": description}, {"updateMask": "description"})


# -- Layout ----------------------------------------------------------------------------------------------------


@clause("forms/pretty", CREATE, GET, OPERATION, PATCH, "tunedModels.list", cost=Cost.TUNING)
@pytest.mark.parametrize("kind", ["create", "get", "operation", "list", "patch", "permissions", "error"])
def test_pretty(api: Api, finished_run: ObservedRun, scratch_run: ObservedRun, kind: str) -> None:
    """JSON is indented by two spaces and ends with a line break, and other scripts are not escaped. Observed to
    the byte.
    """
    answers: dict[str, Callable[[], Answer]] = {
        "create": lambda: finished_run.created,
        "get": lambda: api.get(f"v1beta/{finished_run.name}"),
        "operation": lambda: api.get(f"v1beta/{finished_run.operation_name}"),
        "list": lambda: api.get("v1beta/tunedModels"),
        "patch": lambda: _patch_description(api, scratch_run, "七 and ñ"),
        "permissions": lambda: api.get(f"v1beta/{finished_run.name}/permissions"),
        "error": lambda: api.get(MISSING),
    }
    text = answers[kind]().text

    assert text == _to_pretty_json(text)


@clause("forms/compact", GET, MODEL)
@pytest.mark.parametrize("name", ["prettyPrint", "$prettyPrint"])
def test_compact(api: Api, target: Target, name: str) -> None:
    """``prettyPrint=false`` gives the same JSON without spaces. Documented."""
    pretty = api.get(f"v1beta/{target.base_model}")
    compact = api.get(f"v1beta/{target.base_model}", {name: "false"})

    assert compact.ok() == pretty.ok()
    assert compact.text.rstrip("\n") == json.dumps(pretty.json, separators=(",", ":"), ensure_ascii=False)


@clause("forms/other-scripts", PATCH, cost=Cost.TUNING)
def test_other_scripts(api: Api, scratch_run: ObservedRun) -> None:
    """Letters of other scripts, and ``&``, ``'`` and ``/``, are not escaped. Observed in 2024."""
    assert '"七 Ñ & \' /"' in _patch_description(api, scratch_run, "七 Ñ & ' /").text


@clause("forms/escapes", PATCH, level=Level.RECOMMENDED, cost=Cost.TUNING)
@pytest.mark.parametrize(
    ("sign", "escaped"),
    [
        ("<", "\\u003c"),
        (">", "\\u003e"),
        ("\x7f", "\\u007f"),
        ("\u0085", "\\u0085"),
        ("\u200b", "\\u200b"),
        ("\u2028", "\\u2028"),
        ("\ufeff", "\\ufeff"),
        ("\t", "\\t"),
        ('"', '\\"'),
        ("\\", "\\\\"),
    ],
)
def test_escapes(api: Api, scratch_run: ObservedRun, sign: str, escaped: str) -> None:
    """Control characters, invisible characters and angle brackets are escaped. Inferred from the open-source twin of
    the service's writer.
    """
    assert f'"a{escaped}b"' in _patch_description(api, scratch_run, f"a{sign}b").text


# -- Values ----------------------------------------------------------------------------------------------------


@clause("forms/zeros-are-left-out", OPERATION, GET, cost=Cost.TUNING)
def test_zeros_are_left_out(finished_run: ObservedRun) -> None:
    """A zero, an empty text and an empty list are omitted, also epoch 0. Observed 2023 to 2024."""
    for observation in finished_run.trace:
        for answer in (observation.operation, observation.tuned_model or {}):
            assert list(_empty_members(answer)) == []
    (first,) = finished_run.operation["metadata"]["snapshots"][:1]
    assert "epoch" not in first


@clause("forms/zero-sampling-is-written", CREATE, GET, cost=Cost.TUNING)
def test_zero_sampling_is_written(api: Api, create: Callable[..., Answer]) -> None:
    """A temperature, topP or topK of 0 is written. Observed 2024 to 2025, but for topP."""
    name = create(temperature=0, topP=0, topK=0).ok()["metadata"]["tunedModel"]
    model = api.get(f"v1beta/{name}").ok()

    assert [model.get(member) for member in ("temperature", "topP", "topK")] == [0, 0, 0]


@clause("forms/floats", OPERATION, GET, cost=Cost.TUNING)
def test_floats(api: Api, finished_run: ObservedRun) -> None:
    """A float has the fewest digits that tell it from other 32-bit floats, and no decimal point if it is whole.
    Observed.
    """
    text = api.get(f"v1beta/{finished_run.operation_name}").text
    losses = json.loads(text, parse_float=Decimal)["metadata"]["snapshots"]
    numbers = re.findall(r'"(?:meanLoss|completedPercent|temperature|topP|learningRate)": (\S+?),?\n', text)

    assert len(losses) > 1
    assert len(numbers) > len(losses)
    for number in numbers:
        assert Decimal(number) == _shortest_decimal(float(number)), number
        assert not number.endswith(".0")


@clause("forms/given-floats", PATCH, cost=Cost.TUNING)
@pytest.mark.parametrize(
    ("number", "expected"),
    [("0.1", "0.1"), ("0.123456789", "0.12345679"), ("0.30000001192092896", "0.3"), ("1.0", "1")],
)
def test_given_floats(api: Api, scratch_run: ObservedRun, number: str, expected: str) -> None:
    """The service keeps a float in 32 bits and writes it with the fewest digits. Observed for other values."""
    path = f"v1beta/{scratch_run.name}"
    answer = api.patch(path, data=f'{{"temperature": {number}}}', params={"updateMask": "temperature"})

    assert answer.text == f'{{\n  "temperature": {expected}\n}}\n'


@clause("forms/times", GET, OPERATION, cost=Cost.TUNING)
def test_times(finished_run: ObservedRun) -> None:
    """Times end with Z; those of a model have six decimals, startTime and the times of steps have nine.
    Observed in all.
    """
    model = finished_run.model
    task = model["tuningTask"]

    for time in (model["createTime"], model["updateTime"], task["completeTime"]):
        assert SIX_DIGITS.fullmatch(time), time
    for time in (task["startTime"], *(snapshot["computeTime"] for snapshot in task["snapshots"])):
        assert NINE_DIGITS.fullmatch(time), time
    for snapshot in finished_run.operation["metadata"]["snapshots"]:
        assert NINE_DIGITS.fullmatch(snapshot["computeTime"]), snapshot


@clause("forms/enums-by-name", GET, "tunedModels.permissions.list", cost=Cost.TUNING)
@pytest.mark.parametrize("params", [{}, {"alt": "json"}, {"$alt": "json"}])
def test_enums_by_name(api: Api, finished_run: ObservedRun, params: dict[str, str]) -> None:
    """An enum is written by its name. Observed."""
    owner = api.get(f"v1beta/{finished_run.name}/permissions", params).ok()["permissions"][0]

    assert api.get(f"v1beta/{finished_run.name}", params).ok()["state"] == "ACTIVE"
    assert (owner["granteeType"], owner["role"]) == ("USER", "OWNER")


@clause("forms/enums-by-number", GET, "tunedModels.permissions.list", OPERATION, cost=Cost.TUNING)
@pytest.mark.parametrize(
    "query",
    [
        "$alt=json;enum-encoding=int",
        "%24alt=json%3Benum-encoding%3Dint",
        "$alt=json%3Benum-encoding=int",
        "alt=json%3Benum-encoding%3Dint",
    ],
)
def test_enums_by_number(api: Api, finished_run: ObservedRun, query: str) -> None:
    """An enum is written by its number if the request asks for it. Documented; clients spell it in three ways."""
    owner = api.get(f"v1beta/{finished_run.name}/permissions?{query}").ok()["permissions"][0]

    assert api.get(f"v1beta/{finished_run.name}?{query}").ok()["state"] == 2
    assert (owner["granteeType"], owner["role"]) == (1, 1)


# -- Errors ----------------------------------------------------------------------------------------------------


@clause("forms/envelope", GET, outcome="404 NOT_FOUND", cost=Cost.FREE)
def test_envelope(api: Api) -> None:
    """An error has code, message and status, in this order, and here no details. Observed 2023 to 2025."""
    answer = api.get(MISSING)

    answer.assert_error(404, "NOT_FOUND")
    assert list(answer.json) == ["error"]
    assert list(answer.json["error"]) == ["code", "message", "status"]


@clause("forms/envelope-with-details", "tunedModels.generateContent", outcome="400 INVALID_ARGUMENT", cost=Cost.FREE)
def test_envelope_with_details(api: Api) -> None:
    """Details are the last member of an error, and each begins with its type. Observed."""
    answer = api.post("v1beta/tunedModels/contracts-none:generateContent", {"x": 1})

    answer.assert_error(400, "INVALID_ARGUMENT")
    assert list(answer.json["error"]) == ["code", "message", "status", "details"]
    assert [next(iter(detail)) for detail in answer.json["error"]["details"]] == ["@type"]


@clause("forms/errors-with-xgafv-1", GET, outcome="404 NOT_FOUND", cost=Cost.FREE)
def test_errors_with_xgafv_1(api: Api) -> None:
    """``$.xgafv=1`` adds a list of errors before the status. Seen on sibling APIs, with no answer kept."""
    answer = api.get(MISSING, {"$.xgafv": "1"})
    message = answer.assert_error(404, "NOT_FOUND").message

    assert list(answer.json["error"]) == ["code", "message", "errors", "status"]
    ((legacy_message, domain, reason),) = [tuple(error.values()) for error in answer.json["error"]["errors"]]
    assert [list(error) for error in answer.json["error"]["errors"]] == [["message", "domain", "reason"]]
    assert (legacy_message, domain) == (message, "global")
    assert reason


@clause("forms/errors-with-xgafv-2", GET, outcome="404 NOT_FOUND", cost=Cost.FREE)
def test_errors_with_xgafv_2(api: Api) -> None:
    """``$.xgafv=2`` is the default. Documented."""
    assert api.get(MISSING, {"$.xgafv": "2"}).json == api.get(MISSING).json


@clause("forms/status-by-name", GET, outcome="404 NOT_FOUND", level=Level.RECOMMENDED, cost=Cost.FREE)
def test_status_by_name(api: Api) -> None:
    """The status of an error stays a name if the request asks for enums by number. Inferred."""
    api.get(f"{MISSING}?$alt=json;enum-encoding=int").assert_error(404, "NOT_FOUND")


# -- Headers ---------------------------------------------------------------------------------------------------


@clause("forms/content-type", MODEL, GET)
def test_content_type(api: Api, target: Target) -> None:
    """JSON has the content type ``application/json; charset=UTF-8``, also in an error. Observed in 2024."""
    for answer in (api.get(f"v1beta/{target.base_model}"), api.get(MISSING)):
        assert answer.header("Content-Type") == "application/json; charset=UTF-8"


@clause("forms/headers", MODEL)
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Vary", ["X-Origin", "Referer", "Origin,Accept-Encoding"]),
        ("Cache-Control", ["private"]),
        ("X-XSS-Protection", ["0"]),
        ("X-Frame-Options", ["SAMEORIGIN"]),
        ("X-Content-Type-Options", ["nosniff"]),
        ("Accept-Ranges", ["none"]),
    ],
)
def test_headers(api: Api, target: Target, name: str, values: list[str]) -> None:
    """An answer has fixed values of Vary, Cache-Control, X-XSS-Protection, X-Frame-Options, X-Content-Type-Options and
    Accept-Ranges. Observed in fourteen answers of 2024, all alike.
    """
    assert api.get(f"v1beta/{target.base_model}").all_of(name) == values


@clause("forms/server-timing", MODEL)
def test_server_timing(api: Api, target: Target) -> None:
    """The header Server-Timing says how many milliseconds an answer took. Observed in fourteen answers of 2024."""
    timing = api.get(f"v1beta/{target.base_model}").header("Server-Timing")

    assert re.fullmatch(r"gfet4t7; dur=\d+", timing or "")


@clause("forms/compressed", MODEL, level=Level.OPTIONAL)
def test_compressed(api: Api, target: Target) -> None:
    """The service compresses an answer if the client accepts gzip. Documented as a thing to ask for, and no promise."""
    answer = api.get(f"v1beta/{target.base_model}", headers={"Accept-Encoding": "gzip", "User-Agent": "suite (gzip)"})

    assert answer.ok()["name"] == target.base_model
    assert answer.header("Content-Encoding") == "gzip"


@clause("forms/not-compressed", MODEL)
def test_not_compressed(api: Api, target: Target) -> None:
    """The service does not compress an answer if the client does not accept gzip. Documented."""
    answer = api.get(f"v1beta/{target.base_model}", headers={"Accept-Encoding": "identity"})

    assert answer.ok()["name"] == target.base_model
    assert answer.header("Content-Encoding") is None


# -- Parameters and headers that any request may have ----------------------------------------------------------


@clause("forms/parameters-of-the-system", MODEL, "models.list")
@pytest.mark.parametrize(
    "query",
    [
        "quotaUser=u",
        "$quotaUser=u",
        "uploadType=media",
        "upload_protocol=raw",
        "prettyPrint=true",
        "alt=json",
        "alt=json&prettyPrint=false&quotaUser=u&$.xgafv=2",
    ],
)
def test_parameters_of_the_system(api: Api, target: Target, query: str) -> None:
    """Every method accepts the system parameters, such as alt and quotaUser. Documented."""
    assert api.get(f"v1beta/{target.base_model}?{query}").ok()["name"] == target.base_model
    assert len(api.get(f"v1beta/models?pageSize=1&{query}").ok()["models"]) == 1


@clause("forms/headers-of-clients", MODEL)
def test_headers_of_clients(api: Api, target: Target) -> None:
    """The headers in which Google's clients describe themselves change nothing. Documented."""
    headers = {
        "x-goog-api-client": "gl-python/3.12 gapic/0.8.6",
        "x-goog-request-params": "name=models/x",
        "x-goog-request-reason": "a reason",
        "X-Goog-Quota-User": "somebody",
    }

    assert api.get(f"v1beta/{target.base_model}", headers=headers).ok()["name"] == target.base_model


@clause("forms/one-method-for-another", MODEL, GET)
def test_one_method_for_another(api: Api, target: Target) -> None:
    """A POST can stand for another HTTP method, which a header names. Documented."""
    answer = api.post(f"v1beta/{target.base_model}", headers={"X-HTTP-Method-Override": "GET"})

    assert answer.ok()["name"] == target.base_model


def _empty_members(value: Any, path: str = "") -> Iterator[str]:
    """Yield the path of each empty member below *value*, except sampling values, because a sampling value of 0 has a
    meaning.
    """
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in ("temperature", "topP", "topK"):
                continue
            if inner in (0, "", [], {}, None, False):
                yield f"{path}.{name}"
            yield from _empty_members(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _empty_members(inner, f"{path}[{place}]")


def _shortest_decimal(value: float) -> Decimal:
    """Return the shortest decimal that is the same 32-bit float as *value*."""
    packed = struct.pack("<f", value)
    texts = (f"{value:.{digits}g}" for digits in range(1, 10))
    return next((Decimal(text) for text in texts if struct.pack("<f", float(text)) == packed), Decimal("NaN"))
