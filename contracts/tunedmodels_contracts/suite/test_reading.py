"""These clauses check which bodies and query strings the service accepts, and which errors it reports for the others.

Most clauses about errors use a model that does not exist, because the service reads a request before it looks for the
model.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tunedmodels_contracts.clauses.clause import Cost, Level, clause
from tunedmodels_contracts.harness.answer import Answer
from tunedmodels_contracts.harness.api import Api
from tunedmodels_contracts.harness.tuning_runs import ObservedRun, body
from tunedmodels_contracts.targets.target import Target

CREATE, LIST, PATCH = "tunedModels.create", "tunedModels.list", "tunedModels.patch"
GENERATE, SHARE = "tunedModels.generateContent", "tunedModels.permissions.create"
INVALID = "400 INVALID_ARGUMENT"
GENERATE_PATH = "v1beta/tunedModels/contracts-none:generateContent"
PAYLOAD = "Invalid JSON payload received. "
PACKAGE = "type.googleapis.com/google.ai.generativelanguage.v1beta"


def _findings(answer: Answer) -> list[tuple[str | None, str]]:
    """Return the field and the description of each violation in an error. Assert that the message has a line for each
    of them.
    """
    error = answer.assert_error(400, "INVALID_ARGUMENT")
    (bad_request,) = error.details
    assert bad_request["@type"] == "type.googleapis.com/google.rpc.BadRequest"
    findings = [(violation.get("field"), violation["description"]) for violation in bad_request["fieldViolations"]]
    assert error.message == "\n".join(description for _, description in findings)
    return findings


def _patch(api: Api, run: ObservedRun, text: str, mask: str) -> Any:
    return api.patch(f"v1beta/{run.name}", data=text, params={"updateMask": mask}).ok()


# -- What the service accepts ----------------------------------------------------------------------------------


@clause("reading/the-tutorials-body", CREATE, cost=Cost.TUNING)
def test_the_tutorials_body(api: Api, target: Target) -> None:
    """A body can have protobuf's names and trailing commas. Observed: the tutorial of 2024 does both."""
    text = """{"display_name": "number generator model", "base_model": "BASE", "tuning_task": {
        "hyperparameters": {"batch_size": 2, "learning_rate": 0.001, "epoch_count":5, },
        "training_data": {"examples": {"examples": [
            {"text_input": "1", "output": "2",}, {"text_input": "3", "output": "4",},]}}}}"""
    operation = api.post("v1beta/tunedModels", data=text.replace("BASE", target.base_model)).ok()

    api.delete(f"v1beta/{operation['metadata']['tunedModel']}")
    assert operation["metadata"]["totalSteps"] == 5


@clause("reading/both-spellings-of-names", PATCH, cost=Cost.TUNING)
@pytest.mark.parametrize("name", ["displayName", "display_name"])
def test_both_spellings_of_names(api: Api, scratch_run: ObservedRun, name: str) -> None:
    """A member can have the name that JSON or protobuf gives it. Observed 2023 to 2024."""
    assert _patch(api, scratch_run, f'{{"{name}": "Read"}}', "displayName") == {"displayName": "Read"}


@clause("reading/trailing-commas", PATCH, cost=Cost.TUNING)
@pytest.mark.parametrize("text", ['{"readerProjectNumbers": ["1",]}', '{"readerProjectNumbers": ["1"],}'])
def test_trailing_commas(api: Api, scratch_run: ObservedRun, text: str) -> None:
    """A list or an object can have a trailing comma. Observed 2023 to 2024."""
    assert _patch(api, scratch_run, text, "readerProjectNumbers") == {"readerProjectNumbers": ["1"]}


@clause("reading/other-quotes", PATCH, level=Level.RECOMMENDED, cost=Cost.TUNING)
@pytest.mark.parametrize("text", ["{'description': 'Read'}", '{description: "Read"}'])
def test_other_quotes(api: Api, scratch_run: ObservedRun, text: str) -> None:
    """A text can have single quotes, and a name can have none. Inferred from the open-source twin of the service's
    reader.
    """
    assert _patch(api, scratch_run, text, "description") == {"description": "Read"}


@clause("reading/raw-controls", PATCH, level=Level.RECOMMENDED, cost=Cost.TUNING)
def test_raw_controls(api: Api, scratch_run: ObservedRun) -> None:
    """A text can have line breaks and tabs that are not escaped. Inferred from the open-source twin of the service's
    reader.
    """
    assert _patch(api, scratch_run, '{"description": "a\n\tb"}', "description") == {"description": "a\n\tb"}


@clause("reading/integers", PATCH, level=Level.RECOMMENDED, cost=Cost.TUNING)
@pytest.mark.parametrize("text", ["5", '"5"', "5.0", "5e0"])
def test_integers(api: Api, scratch_run: ObservedRun, text: str) -> None:
    """An integer can be a text, or any number that is whole. Inferred from the open-source twin of the
    service's reader.
    """
    assert _patch(api, scratch_run, f'{{"topK": {text}}}', "topK") == {"topK": 5}


@clause("reading/floats", PATCH, level=Level.RECOMMENDED, cost=Cost.TUNING)
@pytest.mark.parametrize("text", ["0.25", '"0.25"', "25e-2"])
def test_floats(api: Api, scratch_run: ObservedRun, text: str) -> None:
    """A float can be a text. Shown by a published answer, and by the open-source twin of the service's reader."""
    assert _patch(api, scratch_run, f'{{"temperature": {text}}}', "temperature") == {"temperature": 0.25}


@clause("reading/null-is-unset", PATCH, level=Level.RECOMMENDED, cost=Cost.TUNING)
def test_null_is_unset(api: Api, scratch_run: ObservedRun) -> None:
    """A member with the value null counts as absent. Shown by a published answer, and by the open-source twin of the
    reader.
    """
    assert _patch(api, scratch_run, '{"description": null}', "description") == {}


@clause("reading/enums", SHARE, cost=Cost.TUNING)
@pytest.mark.parametrize(("grantee_type", "role"), [('"USER"', '"READER"'), ("1", "3"), ("1", '"READER"')])
def test_enums(api: Api, scratch_run: ObservedRun, unused_email: str, grantee_type: str, role: str) -> None:
    """The value of an enum can be its name or its number. Observed; google-generativeai sends numbers."""
    text = f'{{"granteeType": {grantee_type}, "emailAddress": "{unused_email}", "role": {role}}}'
    permission = api.post(f"v1beta/{scratch_run.name}/permissions", data=text).ok()

    api.delete(f"v1beta/{permission['name']}")
    assert (permission["granteeType"], permission["role"]) == ("USER", "READER")


@clause("reading/other-spellings-of-enums", SHARE, level=Level.RECOMMENDED, cost=Cost.TUNING)
@pytest.mark.parametrize("role", ['"3"', '"reader"', '"Reader"'])
def test_other_spellings_of_enums(api: Api, scratch_run: ObservedRun, unused_email: str, role: str) -> None:
    """The number of an enum value can be a text, and its name can be in any case. Observed on a sibling API."""
    text = f'{{"granteeType": "USER", "emailAddress": "{unused_email}", "role": {role}}}'
    permission = api.post(f"v1beta/{scratch_run.name}/permissions", data=text).ok()

    api.delete(f"v1beta/{permission['name']}")
    assert permission["role"] == "READER"


@clause("reading/an-empty-body", GENERATE, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.TUNING)
def test_an_empty_body(api: Api, finished_run: ObservedRun) -> None:
    """An empty body is an empty message and not a syntax error. Inferred from the open-source twin of the reader."""
    answer = api.post(f"v1beta/{finished_run.name}:generateContent", data=b"")

    assert "contents is not specified" in answer.assert_error(400, "INVALID_ARGUMENT").message


@clause("reading/spellings-of-parameters", "models.list")
@pytest.mark.parametrize("name", ["pageSize", "page_size"])
def test_spellings_of_parameters(api: Api, name: str) -> None:
    """A parameter can have the name that JSON or protobuf gives it. Documented: Google's sample sends ``page_size``."""
    assert len(api.get("v1beta/models", {name: 1}).ok()["models"]) == 1


@clause("reading/integers-of-parameters", "models.list", level=Level.RECOMMENDED)
@pytest.mark.parametrize("query", ["pageSize=%2B2", "pageSize=02", "pageSize=1&pageSize=2", "page_size=1&pageSize=2"])
def test_integers_of_parameters(api: Api, query: str) -> None:
    """An integer parameter can have a plus sign and leading zeros, and the last of several values counts. Observed on a
    sibling API.
    """
    assert len(api.get(f"v1beta/models?{query}").ok()["models"]) == 2


@clause("reading/booleans-of-parameters", "tunedModels.operations.list", level=Level.OPTIONAL, cost=Cost.TUNING)
@pytest.mark.parametrize("value", ["false", "False", "f", "no", "N", "0"])
def test_booleans_of_parameters(api: Api, finished_run: ObservedRun, value: str) -> None:
    """A boolean parameter can be a word, a letter or a digit, in any case. Observed on a sibling API."""
    path = f"v1beta/{finished_run.name}/operations"

    assert api.get(path, {"returnPartialSuccess": value}).ok() == api.get(path).ok()


# -- Errors in a body ------------------------------------------------------------------------------------------


@clause("reading/unknown-names", GENERATE, outcome=INVALID, cost=Cost.FREE)
@pytest.mark.parametrize(
    ("request_body", "field", "description"),
    [
        ({"x": 1}, None, f'{PAYLOAD}Unknown name "x": Cannot find field.'),
        (
            {"contents": [{}, {"x": 1}]},
            "contents[1]",
            f"{PAYLOAD}Unknown name \"x\" at 'contents[1]': Cannot find field.",
        ),
        (
            {"generationConfig": {"some_name": 1}},
            "generation_config",
            f"{PAYLOAD}Unknown name \"some_name\" at 'generation_config': Cannot find field.",
        ),
    ],
)
def test_unknown_names(api: Api, request_body: Any, field: str | None, description: str) -> None:
    """An unknown member is refused, and the error has its name as it was sent, and its place. Observed."""
    assert _findings(api.post(GENERATE_PATH, request_body)) == [(field, description)]


@clause(
    "reading/field-paths-begin-with-the-body", CREATE, SHARE, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.FREE
)
@pytest.mark.parametrize(
    ("path", "field"),
    [("v1beta/tunedModels", "tuned_model"), ("v1beta/tunedModels/contracts-none/permissions", "permission")],
)
def test_field_paths_begin_with_the_body(api: Api, path: str, field: str) -> None:
    """If the body is a member of the request, the places in an error begin with that member. Observed for other methods
    of the API.
    """
    description = f"{PAYLOAD}Unknown name \"x\" at '{field}': Cannot find field."

    assert _findings(api.post(path, {"x": 1})) == [(field, description)]


@clause("reading/lists-for-one-value", GENERATE, outcome=INVALID, cost=Cost.FREE)
@pytest.mark.parametrize(
    ("request_body", "field", "name", "location"),
    [
        ({"generationConfig": []}, None, "generationConfig", ""),
        ({"contents": [{"role": ["user"]}]}, "contents[0]", "role", " at 'contents[0]'"),
    ],
)
def test_lists_for_one_value(api: Api, request_body: Any, field: str | None, name: str, location: str) -> None:
    """A list in place of a single value is refused. Observed."""
    description = f'{PAYLOAD}Unknown name "{name}"{location}: Proto field is not repeating, cannot start list.'

    assert _findings(api.post(GENERATE_PATH, request_body)) == [(field, description)]


@clause("reading/wrong-types", GENERATE, outcome=INVALID, cost=Cost.FREE)
@pytest.mark.parametrize(
    ("request_body", "field", "type_name", "value"),
    [
        ({"contents": [{"parts": [{"text": 1}]}]}, "contents[0].parts[0].text", "TYPE_STRING", "1"),
        (
            {"safetySettings": [{"category": "foo"}]},
            "safety_settings[0].category",
            f"{PACKAGE}.HarmCategory",
            '"foo"',
        ),
    ],
)
def test_wrong_types(api: Api, request_body: Any, field: str, type_name: str, value: str) -> None:
    """A number in place of a text is refused, and so is an unknown name of an enum value. Observed."""
    assert _findings(api.post(GENERATE_PATH, request_body)) == [
        (field, f"Invalid value at '{field}' ({type_name}), {value}")
    ]


@clause("reading/wrong-numbers", GENERATE, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.FREE)
@pytest.mark.parametrize("value", ["1.5", '"2.0"', '"a"', "2147483648", "true"])
def test_wrong_numbers(api: Api, value: str) -> None:
    """A fraction, a text that is no integer and a number that is too large are refused as integers. Observed on a
    sibling API.
    """
    field = "generation_config.max_output_tokens"
    answer = api.post(GENERATE_PATH, data=f'{{"generationConfig": {{"maxOutputTokens": {value}}}}}')

    assert _findings(answer) == [(field, f"Invalid value at '{field}' (TYPE_INT32), {value}")]


@clause("reading/objects-for-scalars", GENERATE, outcome=INVALID, cost=Cost.FREE)
def test_objects_for_scalars(api: Api) -> None:
    """An object in place of a scalar is refused. Inferred from refusals of other members."""
    ((_, description),) = _findings(api.post(GENERATE_PATH, {"contents": [{"role": {}}]}))

    assert description.startswith("Invalid value at 'contents[0]")
    assert description.endswith(", Starting an object on a scalar field")


@clause("reading/root-must-be-an-object", GENERATE, CREATE, outcome=INVALID, cost=Cost.FREE)
@pytest.mark.parametrize("path", [GENERATE_PATH, "v1beta/tunedModels"])
@pytest.mark.parametrize("text", ["[]", '"a"', "1"])
def test_root_must_be_an_object(api: Api, path: str, text: str) -> None:
    """A body that is not an object is refused. Inferred from refusals of other bodies."""
    ((_, description),) = _findings(api.post(path, data=text))

    assert description == f'{PAYLOAD}Unknown name "": Root element must be a message.'


@clause("reading/two-of-a-oneof", GENERATE, outcome=INVALID, cost=Cost.FREE)
def test_two_of_a_oneof(api: Api) -> None:
    """If two members exclude each other, the error reports the second one. Inferred from sibling APIs."""
    request_body = {"contents": [{"parts": [{"text": "a", "inlineData": {}}]}]}
    field = "contents[0].parts[0]"
    description = f"Invalid value at '{field}' (oneof), oneof field 'data' is already set. Cannot set 'inlineData'"

    assert _findings(api.post(GENERATE_PATH, request_body)) == [(field, description)]


@clause("reading/two-learning-rates", CREATE, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.FREE)
@pytest.mark.parametrize("name", ["learningRateMultiplier", "learning_rate_multiplier"])
def test_two_learning_rates(api: Api, target: Target, name: str) -> None:
    """If a body has both learning rates, the error reports the second one as it was spelled. Inferred from
    other oneofs.
    """
    field = "tuned_model.tuning_task.hyperparameters"
    answer = api.post("v1beta/tunedModels", body(target.base_model, hyperparameters={"learningRate": 1, name: 1}))
    oneof = f"oneof field 'learning_rate_option' is already set. Cannot set '{name}'"

    assert _findings(answer) == [(field, f"Invalid value at '{field}' (oneof), {oneof}")]


@clause("reading/several-findings", GENERATE, outcome=INVALID, cost=Cost.FREE)
def test_several_findings(api: Api) -> None:
    """One error reports all violations, with a line of the message and a detail for each. Observed."""
    answer = api.post(GENERATE_PATH, {"x": 1, "y": 2})

    assert sorted(description for _, description in _findings(answer)) == [
        f'{PAYLOAD}Unknown name "{name}": Cannot find field.' for name in "xy"
    ]


@clause("reading/times", CREATE, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.FREE)
@pytest.mark.parametrize("name", ["createTime", "create_time"])
def test_times(api: Api, name: str) -> None:
    """An invalid time is refused, even in a member that only the service sets. Observed on a sibling API."""
    problem = "Illegal timestamp format; timestamps must end with 'Z' or have a valid timezone offset."
    type_name = "type.googleapis.com/google.protobuf.Timestamp"
    field = "tuned_model.create_time"
    answer = api.post("v1beta/tunedModels", {name: "yesterday"})

    assert _findings(answer) == [(field, f"Invalid value at '{field}' ({type_name}), Field '{name}', {problem}")]


@clause("reading/too-deep", GENERATE, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.FREE)
def test_too_deep(api: Api) -> None:
    """A body has at most a hundred levels. Inferred from the open-source twin of the service's reader."""
    args: dict[str, Any] = {}
    for _ in range(150):
        args = {"k": args}
    answer = api.post(GENERATE_PATH, {"contents": [{"parts": [{"functionCall": {"name": "f", "args": args}}]}]})

    assert "Message too deep. Max recursion depth reached for key 'k'" in (
        answer.assert_error(400, "INVALID_ARGUMENT").message
    )


@clause("reading/too-large", CREATE, outcome=INVALID, cost=Cost.FREE)
def test_too_large(api: Api) -> None:
    """A body above the size limit is refused, and the message has the limit. Observed; the limit itself is not known
    here.
    """
    size = 48 * 1024 * 1024
    message = api.post("v1beta/tunedModels", data=b" " * size).assert_error(400, "INVALID_ARGUMENT").message

    assert message.startswith("Request payload size exceeds the limit: ")
    assert message.endswith(" bytes.")
    assert int(message.split()[-2]) < size


# -- Text that is not JSON -------------------------------------------------------------------------------------


@clause("reading/invalid-json", GENERATE, CREATE, outcome=INVALID, cost=Cost.FREE)
@pytest.mark.parametrize("path", [GENERATE_PATH, "v1beta/tunedModels"])
@pytest.mark.parametrize("text", ["{", "x", '{"contents": }', '{"contents" []}', '{"a": "b', "{}{}"])
def test_invalid_json(api: Api, path: str, text: str) -> None:
    """A text that is not JSON is an invalid payload. Seen on other methods of the API, with no answer kept."""
    assert api.post(path, data=text).assert_error(400, "INVALID_ARGUMENT").message.startswith(PAYLOAD)


@clause("reading/place-of-invalid-json", GENERATE, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.FREE)
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"a": x}', "Unexpected token."),
        ('{"a": }', "Unexpected token."),
        ('{"a": @}', "Expected a value."),
        ("{[]: 1}", "Expected an object key or }."),
        ('{"a" 1}', "Expected : between key:value pair."),
        ('{"contents": [] "b": 1}', "Expected , or } after key:value pair."),
        ('{"contents": [{} {}]}', "Expected , or ] after array value."),
        ('{"contents": [', "Unexpected end of string. Expected a value or ] within an array."),
        ('{"a": "b', "Closing quote expected in string."),
        ("{} x", "Parsing terminated before end of input."),
        ('{"generationConfig": {"topK": 0x1}}', "Octal/hex numbers are not valid JSON values."),
        ('{"generationConfig": {"temperature": 1e999}}', "Number exceeds the range of double."),
        ('{"a": "\\u12zz"}', "Invalid escape sequence."),
        ('{"a": "\\ud800 "}', "Missing low surrogate."),
    ],
)
def test_place_of_invalid_json(api: Api, text: str, problem: str) -> None:
    """The error says what the service expected, shows the text around the place, and points at it. Inferred from the
    open-source twin; several of these messages were observed on this API.
    """
    message = api.post(GENERATE_PATH, data=text).assert_error(400, "INVALID_ARGUMENT").message

    assert message.startswith(f"{PAYLOAD}{problem}\n")
    *_, excerpt, pointer = message.split("\n")
    assert excerpt in text
    assert pointer.strip() == "^"


# -- Errors in a query string ----------------------------------------------------------------------------------


@clause("reading/unknown-parameters", LIST, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.FREE)
@pytest.mark.parametrize("name", ["x", "page-size", "PageSize"])
def test_unknown_parameters(api: Api, name: str) -> None:
    """An unknown parameter is refused. Observed on sibling APIs."""
    field = f"Cannot bind query parameter. Field '{name}' could not be found in request message."
    answer = api.get("v1beta/tunedModels", {name: "1"})

    assert _findings(answer) == [(None, f'{PAYLOAD}Unknown name "{name}": {field}')]


@clause("reading/wrong-parameters", LIST, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.FREE)
@pytest.mark.parametrize("name", ["pageSize", "page_size"])
@pytest.mark.parametrize("value", ["abc", "1.5", "1e1", "", "2147483648", " 1"])
def test_wrong_parameters(api: Api, name: str, value: str) -> None:
    """An integer parameter with another value is refused. Observed on sibling APIs."""
    description = f"Invalid value at 'page_size' (TYPE_INT32), {json.dumps(value)}"

    assert _findings(api.get("v1beta/tunedModels", {name: value})) == [("page_size", description)]


@clause(
    "reading/wrong-booleans",
    "tunedModels.operations.list",
    outcome=INVALID,
    level=Level.OPTIONAL,
    cost=Cost.FREE,
)
@pytest.mark.parametrize("value", ["maybe", "2"])
def test_wrong_booleans(api: Api, value: str) -> None:
    """A boolean parameter with another value is refused. Observed on a sibling API; this parameter is there
    since 2025.
    """
    answer = api.get("v1beta/tunedModels/contracts-none/operations", {"returnPartialSuccess": value})
    description = f"Invalid value at 'return_partial_success' (TYPE_BOOL), \"{value}\""

    assert _findings(answer) == [("return_partial_success", description)]


@clause("reading/members-of-a-body-are-no-parameters", CREATE, outcome=INVALID, cost=Cost.FREE)
@pytest.mark.parametrize("name", ["displayName", "tunedModel.displayName"])
def test_members_of_a_body_are_no_parameters(api: Api, target: Target, new_id: Callable[[], str], name: str) -> None:
    """A member of the body cannot be a parameter in the query string. Documented."""
    answer = api.post("v1beta/tunedModels", body(target.base_model), {"tunedModelId": new_id(), name: "x"})

    answer.assert_error(400, "INVALID_ARGUMENT")


@clause("reading/body-and-parameters-together", CREATE, outcome=INVALID, level=Level.RECOMMENDED, cost=Cost.FREE)
def test_body_and_parameters_together(api: Api) -> None:
    """One error reports the violations in the body and in the query string. Inferred from several findings of a
    body.
    """
    described = [description for _, description in _findings(api.post("v1beta/tunedModels", {"x": 1}, {"y": "1"}))]

    assert len(described) == 2
    assert any('"x"' in description for description in described)
    assert any('"y"' in description for description in described)
