"""Tests that the schema of the published API is complete and consistent."""

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
def schema(request: pytest.FixtureRequest) -> Surface:
    """The schema of each version."""
    return surface(request.param)


def types(message: Message) -> Iterator[tuple[str, Type]]:
    for member in message.members.values():
        type_ = member.type
        while type_.item_type is not None:
            type_ = type_.item_type
        yield member.name, type_


def test_revisions() -> None:
    """Each schema names the revision of its discovery document."""
    assert {version: surface(version).revision for version in VERSIONS} == {"v1": "20240410", "v1beta": "20260325"}


def test_all_references_exist(schema: Surface) -> None:
    """Methods, members and Any types refer to messages and enums that exist."""
    for method in schema.methods.values():
        assert {method.response, method.request or method.response} <= {*schema.messages}, method.id
        assert {*method.required} <= {*schema.messages[method.response].members}, method.id
    for message in schema.messages.values():
        for name, type_ in types(message):
            if type_.kind == "message":
                assert type_.name in schema.messages, (message.name, name)
            elif type_.kind == "enum":
                assert type_.name in schema.enums, (message.name, name)
            else:
                assert type_.kind in SCALARS | WELL_KNOWN, (message.name, name)
        for member in message.members.values():
            # An Any of v1 can have a message of v1beta, whose call created it.
            assert {*(member.allowed or ())} <= {*schema.messages, *surface("v1beta").messages}, member


def test_members_are_in_order(schema: Surface) -> None:
    """The numbers of members ascend, and members without a known number come last."""
    for message in schema.messages.values():
        numbers = [member.number for member in message.members.values()]
        known = [number for number in numbers if number is not None]

        assert known == sorted(set(known)), message.name
        assert numbers == known + [None] * (len(numbers) - len(known)), message.name


def test_required_names_are_members_or_oneofs(schema: Surface) -> None:
    """Each required name is a member or a oneof of the message."""
    for message in schema.messages.values():
        oneofs = {member.oneof for member in message.members.values()}

        assert {*message.required} <= {*message.members} | oneofs, message.name


def test_members_of_a_oneof_have_presence(schema: Surface) -> None:
    """Members of a oneof have presence, as in protobuf. Lists and maps have none."""
    for message in schema.messages.values():
        for member in message.members.values():
            if member.oneof:
                assert member.has_presence, (message.name, member.name)
            if member.type.kind in ("list", "map"):
                assert member.has_presence is False, (message.name, member.name)


def test_first_value_of_an_enum_is_its_zero(schema: Surface) -> None:
    """As in proto3, the first value is 0 if the numbers are known."""
    for name, values in schema.enums.items():
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
def test_members_of_tuning_messages(message: str, members: str) -> None:
    """The members are in the order of the wire."""
    assert " ".join(surface("v1beta").messages[message].members) == members


@pytest.mark.parametrize(
    ("message", "member", "has_presence"),
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
def test_presence(message: str, member: str, has_presence: bool | None) -> None:
    """The protos say whether a zero is written. It is unknown for members that they do not have."""
    assert surface("v1beta").messages[message].members[member].has_presence is has_presence


def test_v1_has_operations_and_no_tuned_models() -> None:
    """Version v1 gets and cancels the operations that v1beta creates."""
    assert "TunedModel" not in surface("v1").messages
    assert {"tunedModels.operations.get", "tunedModels.operations.cancel"} <= {*surface("v1").methods}
    assert "tunedModels.operations.cancel" not in surface("v1beta").methods


@pytest.mark.parametrize("package", ["v1beta", "v1beta3"])
def test_payload_has_the_version_of_its_type(package: str) -> None:
    """An operation of v1beta that is polled under v1 has messages of v1beta."""
    result = surface("v1").payload(f"type.googleapis.com/google.ai.generativelanguage.{package}.TunedModel")

    assert result is not None
    assert (result[0].version, result[1].name) == ("v1beta", "TunedModel")


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
    """A type without a known message has no payload."""
    assert surface("v1").payload(type_url) is None


def test_status_is_a_payload() -> None:
    """The discovery document has this message of google.rpc under its short name."""
    result = surface("v1beta").payload("type.googleapis.com/google.rpc.Status")

    assert result is not None
    assert result[1].name == "Status"


def test_unknown_version_is_refused() -> None:
    """There is no schema of v2."""
    with pytest.raises(ValueError, match=r"^There is no schema of 'v2', only of v1 and v1beta\.$"):
        surface("v2")


@pytest.mark.parametrize("version", VERSIONS)
def test_data_files_have_no_descriptions(version: str) -> None:
    """Apart from the sources, no text in the data files has a space."""
    data = json.loads(files("tunedmodels_contracts.schema").joinpath(f"{version}.json").read_text(encoding="utf-8"))
    assert data.pop("sources")

    assert [text for text in texts(data) if " " in text] == []


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


def test_import_reads_no_data_and_no_other_package() -> None:
    """The import of the schema reads no data file and imports neither the client nor the mock server."""
    program = (
        "import sys, tunedmodels_contracts.schema.validate, tunedmodels_contracts.schema.drift;"
        "from tunedmodels_contracts.schema.surface import surface;"
        "print(surface.cache_info().currsize, *sorted({name.split('.')[0] for name in sys.modules}))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    size, *modules = run.stdout.split()

    assert size == "0"
    assert {"tunedmodels", "tunedmodels_mockserver", "requests", "flask", "pytest"} & {*modules} == set()
