"""The facts of the published API: that they are whole, hold together and are read only when asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest

from tunedmodels_contracts.schema.surface import VERSIONS, Message, Surface, Type, surface

WELL_KNOWN = {"timestamp", "duration", "fieldmask", "any", "struct", "value"}
SCALARS = {"string", "bytes", "bool", "int32", "int64", "float", "double"}


@pytest.fixture(params=VERSIONS)
def on(request: pytest.FixtureRequest) -> Surface:
    """The facts of each version."""
    return surface(request.param)


def types(message: Message) -> Iterator[tuple[str, Type]]:
    for member in message.members.values():
        type_ = member.type
        while type_.of is not None:
            type_ = type_.of
        yield member.name, type_


def test_revisions() -> None:
    """The facts say which discovery document they are from."""
    assert {version: surface(version).revision for version in VERSIONS} == {"v1": "20240410", "v1beta": "20260325"}


def test_every_name_leads_somewhere(on: Surface) -> None:
    """Methods, members and Any types name messages and enums that are there."""
    for method in on.methods.values():
        assert {method.response, method.request or method.response} <= {*on.messages}, method.id
        assert {*method.required} <= {*on.messages[method.response].members}, method.id
    for message in on.messages.values():
        for name, type_ in types(message):
            if type_.kind == "message":
                assert type_.name in on.messages, (message.name, name)
            elif type_.kind == "enum":
                assert type_.name in on.enums, (message.name, name)
            else:
                assert type_.kind in SCALARS | WELL_KNOWN, (message.name, name)
        for member in message.members.values():
            # What an Any of v1 holds may be a message of v1beta, which made it.
            assert {*(member.of or ())} <= {*on.messages, *surface("v1beta").messages}, member


def test_members_are_in_order_and_named_once(on: Surface) -> None:
    """Numbers go up, and those that are not known come last."""
    for message in on.messages.values():
        numbers = [member.number for member in message.members.values()]
        known = [number for number in numbers if number is not None]

        assert known == sorted(set(known)), message.name
        assert numbers == known + [None] * (len(numbers) - len(known)), message.name


def test_required_names_are_members_or_oneofs(on: Surface) -> None:
    """What is required can be there."""
    for message in on.messages.values():
        oneofs = {member.oneof for member in message.members.values()}

        assert {*message.required} <= {*message.members} | oneofs, message.name


def test_members_of_a_oneof_have_presence(on: Surface) -> None:
    """As in protobuf, which could not tell them apart otherwise; lists and maps never have it."""
    for message in on.messages.values():
        for member in message.members.values():
            if member.oneof:
                assert member.explicit, (message.name, member.name)
            if member.type.kind in ("list", "map"):
                assert member.explicit is False, (message.name, member.name)


def test_first_value_of_an_enum_is_its_zero(on: Surface) -> None:
    """As in proto3, where the numbers are known."""
    for name, values in on.enums.items():
        assert next(iter(values.values())) in (0, None), name


@pytest.mark.parametrize(
    ("message", "members"),
    [
        (
            "TunedModel",
            "name tunedModelSource baseModel displayName description state createTime updateTime tuningTask "
            "temperature topP topK readerProjectNumbers",
        ),
        ("TuningTask", "startTime completeTime snapshots trainingData hyperparameters"),
        ("TuningSnapshot", "step epoch meanLoss computeTime"),
        ("Hyperparameters", "epochCount batchSize learningRate learningRateMultiplier"),
        ("CreateTunedModelMetadata", "totalSteps completedSteps completedPercent snapshots tunedModel"),
        ("Operation", "name metadata done error response"),
        ("Permission", "name granteeType emailAddress role"),
        ("Error", "code message errors status details"),
    ],
)
def test_members_of_what_matters_most(message: str, members: str) -> None:
    """The members of the tuning messages, in the order of the wire."""
    assert " ".join(surface("v1beta").messages[message].members) == members


@pytest.mark.parametrize(
    ("message", "member", "explicit"),
    [
        ("TunedModel", "description", False),
        ("TunedModel", "topK", True),
        ("TunedModel", "baseModel", True),
        ("TuningSnapshot", "epoch", False),
        ("Hyperparameters", "batchSize", True),
        ("CreateTunedModelMetadata", "completedPercent", False),
        ("Candidate", "index", True),
        ("Operation", "done", False),
        ("Permission", "role", True),
        ("ThinkingConfig", "thinkingLevel", None),
    ],
)
def test_presence(message: str, member: str, explicit: bool | None) -> None:
    """Whether a zero is written, by the protos; unknown where they do not have the member."""
    assert surface("v1beta").messages[message].members[member].explicit is explicit


def test_v1_has_operations_and_no_tuned_models() -> None:
    """v1 polls and cancels what v1beta creates."""
    assert "TunedModel" not in surface("v1").messages
    assert {"tunedModels.operations.get", "tunedModels.operations.cancel"} <= {*surface("v1").methods}
    assert "tunedModels.operations.cancel" not in surface("v1beta").methods


@pytest.mark.parametrize("package", ["v1beta", "v1beta3"])
def test_payload_is_of_the_version_that_made_it(package: str) -> None:
    """An operation of v1beta that is polled under v1 has v1beta's messages in it."""
    found = surface("v1").payload(f"type.googleapis.com/google.ai.generativelanguage.{package}.TunedModel")

    assert found is not None
    assert (found[0].version, found[1].name) == ("v1beta", "TunedModel")


@pytest.mark.parametrize(
    "type_url",
    [
        "type.googleapis.com/google.ai.generativelanguage.v1.TunedModel",
        "type.googleapis.com/google.ai.generativelanguage.v9.TunedModel",
        "type.googleapis.com/google.ai.generativelanguage.v1beta.Error",
        "type.googleapis.com/google.rpc.Nothing",
        "type.googleapis.com/TunedModel",
        "example.com/google.rpc.ErrorInfo",
        "google.rpc.ErrorInfo",
        "",
    ],
)
def test_unknown_payload(type_url: str) -> None:
    """What no message is known of is no payload."""
    assert surface("v1").payload(type_url) is None


def test_status_is_a_payload() -> None:
    """The one google.rpc message that the discovery document has too, under its short name."""
    found = surface("v1beta").payload("type.googleapis.com/google.rpc.Status")

    assert found is not None
    assert found[1].name == "Status"


def test_unknown_version() -> None:
    """There are no facts of v2."""
    with pytest.raises(ValueError, match=r"^There are facts of v1 and v1beta, none of 'v2'\.$"):
        surface("v2")


@pytest.mark.parametrize("version", VERSIONS)
def test_data_is_names_and_types(version: str) -> None:
    """No descriptions: apart from where the facts are from, no text has a blank in it."""
    facts = json.loads(files("tunedmodels_contracts.schema").joinpath(f"{version}.json").read_text(encoding="utf-8"))
    assert facts.pop("sources")

    assert [text for text in texts(facts) if " " in text] == []


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


def test_facts_are_read_on_first_use_and_know_nobody() -> None:
    """Importing the judge reads no data and brings in neither the client nor the mock server."""
    program = (
        "import sys, tunedmodels_contracts.schema.validate, tunedmodels_contracts.schema.drift;"
        "from tunedmodels_contracts.schema.surface import surface;"
        "print(surface.cache_info().currsize, *sorted({name.split('.')[0] for name in sys.modules}))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    size, *modules = run.stdout.split()

    assert size == "0"
    assert {"tunedmodels", "tunedmodels_mockserver", "requests", "flask", "pytest"} & {*modules} == set()
