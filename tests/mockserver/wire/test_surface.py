"""Tests the surface of each version against the published methods and messages."""

from __future__ import annotations

import pytest

from tunedmodels_mockserver.wire.surface import (
    SCALARS,
    VERSIONS,
    WELL_KNOWN,
    Method,
    camel,
    method,
    methods,
    surface_of,
)

ALL = ("v1", "v1beta", "v1alpha", "v1beta3")
BETAS = ("v1beta", "v1alpha", "v1beta3")
GENERATION = ("v1", "v1beta", "v1alpha")
BATCHES = ("v1", "v1beta")
LRO = "google.longrunning"
OPERATION, EMPTY = f"{LRO}.Operation", "google.protobuf.Empty"
GENERATE = ("GenerateContentRequest", "GenerateContentResponse")

Row = tuple[str, str | None, str, str, tuple[str, ...]]

# HTTP method and path, the member that the body fills, request, response, versions.
DOCUMENTED: dict[str, Row] = {
    "tunedModels.create": ("POST tunedModels", "tuned_model", "CreateTunedModelRequest", OPERATION, BETAS),
    "tunedModels.list": ("GET tunedModels", None, "ListTunedModelsRequest", "ListTunedModelsResponse", BETAS),
    "tunedModels.get": ("GET {name=tunedModels/*}", None, "GetTunedModelRequest", "TunedModel", BETAS),
    "tunedModels.patch": (
        "PATCH {tuned_model.name=tunedModels/*}",
        "tuned_model",
        "UpdateTunedModelRequest",
        "TunedModel",
        BETAS,
    ),
    "tunedModels.delete": ("DELETE {name=tunedModels/*}", None, "DeleteTunedModelRequest", EMPTY, BETAS),
    "tunedModels.transferOwnership": (
        "POST {name=tunedModels/*}:transferOwnership",
        "*",
        "TransferOwnershipRequest",
        "TransferOwnershipResponse",
        BETAS,
    ),
    "tunedModels.generateContent": ("POST {model=tunedModels/*}:generateContent", "*", *GENERATE, GENERATION),
    "tunedModels.streamGenerateContent": (
        "POST {model=tunedModels/*}:streamGenerateContent",
        "*",
        *GENERATE,
        GENERATION,
    ),
    "tunedModels.generateText": (
        "POST {model=tunedModels/*}:generateText",
        "*",
        "GenerateTextRequest",
        "GenerateTextResponse",
        BETAS,
    ),
    "tunedModels.batchGenerateContent": (
        "POST {batch.model=tunedModels/*}:batchGenerateContent",
        "*",
        "BatchGenerateContentRequest",
        OPERATION,
        BATCHES,
    ),
    "tunedModels.asyncBatchEmbedContent": (
        "POST {batch.model=tunedModels/*}:asyncBatchEmbedContent",
        "*",
        "AsyncBatchEmbedContentRequest",
        OPERATION,
        BATCHES,
    ),
    "tunedModels.permissions.create": (
        "POST {parent=tunedModels/*}/permissions",
        "permission",
        "CreatePermissionRequest",
        "Permission",
        BETAS,
    ),
    "tunedModels.permissions.list": (
        "GET {parent=tunedModels/*}/permissions",
        None,
        "ListPermissionsRequest",
        "ListPermissionsResponse",
        BETAS,
    ),
    "tunedModels.permissions.get": (
        "GET {name=tunedModels/*/permissions/*}",
        None,
        "GetPermissionRequest",
        "Permission",
        BETAS,
    ),
    "tunedModels.permissions.patch": (
        "PATCH {permission.name=tunedModels/*/permissions/*}",
        "permission",
        "UpdatePermissionRequest",
        "Permission",
        BETAS,
    ),
    "tunedModels.permissions.delete": (
        "DELETE {name=tunedModels/*/permissions/*}",
        None,
        "DeletePermissionRequest",
        EMPTY,
        BETAS,
    ),
    "tunedModels.operations.get": (
        "GET {name=tunedModels/*/operations/*}",
        None,
        f"{LRO}.GetOperationRequest",
        OPERATION,
        GENERATION,
    ),
    "tunedModels.operations.list": (
        "GET {name=tunedModels/*}/operations",
        None,
        f"{LRO}.ListOperationsRequest",
        f"{LRO}.ListOperationsResponse",
        GENERATION,
    ),
    "tunedModels.operations.cancel": (
        "POST {name=tunedModels/*/operations/*}:cancel",
        "*",
        f"{LRO}.CancelOperationRequest",
        EMPTY,
        ("v1",),
    ),
    "operations.list": (
        "GET {name=operations}",
        None,
        f"{LRO}.ListOperationsRequest",
        f"{LRO}.ListOperationsResponse",
        ("v1",),
    ),
    "operations.delete": ("DELETE {name=operations/**}", None, f"{LRO}.DeleteOperationRequest", EMPTY, ("v1",)),
}

# Whose members are read or written on which version; None where the version has no such message.
MEMBERS = {
    ("TunedModel", "v1"): None,
    ("TunedModel", "v1beta"): "name tunedModelSource baseModel displayName description state createTime updateTime "
    "tuningTask temperature topP topK readerProjectNumbers",
    ("TunedModel", "v1beta3"): "name tunedModelSource baseModel displayName description state createTime updateTime "
    "tuningTask temperature topP topK",
    ("TunedModelSource", "v1beta"): "tunedModel baseModel",
    ("TuningTask", "v1beta"): "startTime completeTime snapshots trainingData hyperparameters",
    ("TuningSnapshot", "v1beta"): "step epoch meanLoss computeTime",
    ("Hyperparameters", "v1beta"): "epochCount batchSize learningRate learningRateMultiplier",
    ("Hyperparameters", "v1beta3"): "epochCount batchSize learningRate",
    ("TuningExamples", "v1beta"): "examples",
    ("TuningExamples", "v1alpha"): "examples multiturnExamples",
    ("TuningExample", "v1beta"): "textInput output",
    ("CreateTunedModelMetadata", "v1"): None,
    ("CreateTunedModelMetadata", "v1beta"): "totalSteps completedSteps completedPercent snapshots tunedModel",
    ("CreateTunedModelMetadata", "v1beta3"): "totalSteps completedSteps completedPercent snapshots tunedModel",
    ("ListTunedModelsRequest", "v1beta"): "pageSize pageToken filter",
    ("ListTunedModelsRequest", "v1beta3"): "pageSize pageToken",
    ("Permission", "v1beta"): "name granteeType emailAddress role",
    ("GenerateContentRequest", "v1"): "model contents safetySettings generationConfig",
    ("GenerateContentRequest", "v1beta3"): None,
    ("google.longrunning.Operation", "v1"): "name metadata done error response",
    ("google.rpc.Status", "v1beta"): "code message details",
}

PRESENCE = {
    "TunedModel": {"temperature", "top_p", "top_k"},
    "Hyperparameters": {"epoch_count", "batch_size", "learning_rate", "learning_rate_multiplier"},
    "TuningSnapshot": set[str](),
    "CreateTunedModelMetadata": set[str](),
    "Permission": {"grantee_type", "email_address", "role"},
    "CreateTunedModelRequest": {"tuned_model_id"},
}


def row(entry: Method) -> Row:
    """Return *entry* as a row of ``DOCUMENTED``."""
    return f"{entry.http} {entry.path}", entry.body, entry.request, entry.response, entry.versions


@pytest.mark.parametrize("name", DOCUMENTED)
def test_methods_of_tuned_models(name: str) -> None:
    """HTTP method, path, body, messages and versions are the published ones."""
    assert row(method(name)) == DOCUMENTED[name]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("tunedModels.create", (None, "tunedModels", "")),
        ("tunedModels.patch", ("tuned_model.name", "tunedModels/*", "")),
        ("tunedModels.permissions.list", ("parent", "tunedModels/*", "/permissions")),
        ("tunedModels.operations.cancel", ("name", "tunedModels/*/operations/*", ":cancel")),
        ("operations.delete", ("name", "operations/**", "")),
    ],
)
def test_parts_of_a_path(name: str, parts: tuple[str | None, str, str]) -> None:
    """A path has the member of its variable, the form of the variable, and the rest."""
    entry = method(name)

    assert (entry.path_field, entry.pattern, entry.suffix) == parts


def test_no_other_methods() -> None:
    """Without base models and caches, only one more method exists, which a client's notes mention."""
    ours = {entry.id for entry in methods() if not entry.id.startswith("models.")}

    assert ours - set(DOCUMENTED) == {"tunedModels.operations.delete", "cachedContents.create"}
    assert [entry.id for entry in methods() if not entry.documented] == ["tunedModels.operations.delete"]


def test_each_method_has_its_name_in_the_protos() -> None:
    """A service of the version's package, or of google.longrunning; the two kinds of models share some of them."""
    names = {entry.id: surface_of("v1beta").full_name(entry.rpc) for entry in methods()}
    package = "google.ai.generativelanguage.v1beta"

    assert names["tunedModels.patch"] == f"{package}.ModelService.UpdateTunedModel"
    assert names["tunedModels.generateContent"] == names["models.generateContent"]
    assert {name.rpartition(".")[0] for name in names.values()} == {
        *(f"{package}.{service}" for service in ("GenerativeService", "ModelService", "PermissionService")),
        *(f"{package}.{service}" for service in ("TextService", "DiscussService", "CacheService")),
        "google.longrunning.Operations",
    }


@pytest.mark.parametrize("version", ALL)
def test_methods_of_a_version(version: str) -> None:
    """A surface offers the methods of its version."""
    offered = {entry.id for entry in surface_of(version).methods()}

    assert offered & set(DOCUMENTED) == {name for name, columns in DOCUMENTED.items() if version in columns[-1]}


def test_streams() -> None:
    """Only the two methods that stream are marked as such."""
    assert {entry.id for entry in methods() if entry.streaming} == {
        "models.streamGenerateContent",
        "tunedModels.streamGenerateContent",
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_every_type_exists(version: str) -> None:
    """Each version has every type that its messages and methods name."""
    surface = surface_of(version)
    for entry in filter(lambda entry: entry.served, surface.methods()):
        surface.message(entry.request)
        surface.message(entry.response)
    kinds = {field.map_of or field.type for name in surface.names() for field in surface.message(name).fields}

    for kind in kinds - SCALARS:
        if surface.is_enum(kind):
            assert surface.enum(kind).names[0].endswith("UNSPECIFIED"), kind
        elif not kind.startswith(WELL_KNOWN):
            assert surface.message(kind).full_name == surface.full_name(kind)


@pytest.mark.parametrize("version", VERSIONS)
def test_order_and_names(version: str) -> None:
    """Members are in the order of their numbers, those without one last; numbers and spellings are unique."""
    surface = surface_of(version)
    for name in surface.names():
        fields = surface.message(name).fields
        numbers = [field.number for field in fields if field.number]

        assert numbers == sorted(set(numbers)), name
        assert all(field.number is None for field in fields[len(numbers) :]), name
        assert len({field.json_name for field in fields}) == len({field.name for field in fields}) == len(fields)


@pytest.mark.parametrize(("name", "version"), MEMBERS)
def test_members(name: str, version: str) -> None:
    """The members of a version, in the order in which they are written."""
    expected = MEMBERS[name, version]
    if expected is None:
        assert name not in surface_of(version).names()
        with pytest.raises(KeyError):
            surface_of(version).message(name)
    else:
        assert [field.json_name for field in surface_of(version).message(name).fields] == expected.split()


@pytest.mark.parametrize("name", PRESENCE)
def test_presence(name: str) -> None:
    """The scalars with explicit presence, whose zero is written if it is set."""
    surface = surface_of("v1beta")
    scalars = [field for field in surface.message(name).fields if field.type in SCALARS or surface.is_enum(field.type)]

    oneof = {"base_model"} if name == "TunedModel" else set()
    assert {field.name for field in scalars if surface.has_presence(field)} == PRESENCE[name] | oneof


def test_presence_of_other_kinds() -> None:
    """A message has presence, also an empty one or the moment 0; lists and maps do not."""
    surface = surface_of("v1beta")
    task = surface.message("TuningTask").by_name
    schema = surface.message("Schema").by_name

    assert surface.has_presence(task["hyperparameters"])
    assert surface.has_presence(task["startTime"])
    assert not surface.has_presence(task["snapshots"])
    assert not surface.has_presence(schema["properties"])


@pytest.mark.parametrize(("version", "oneof"), [("v1beta", "learning_rate_option"), ("v1beta3", None)])
def test_learning_rate(version: str, oneof: str | None) -> None:
    """The rate shares a oneof with the multiplier, except in v1beta3, which has no multiplier."""
    rate = surface_of(version).message("Hyperparameters").by_name["learningRate"]

    assert (rate.oneof, rate.number, rate.type) == (oneof, 16, "float")
    assert surface_of(version).has_presence(rate)


def test_digits_of_timestamps() -> None:
    """Six digits for the moments of a model and of completion, nine for start and computation (observed)."""
    surface = surface_of("v1beta")
    times = {
        f"{name}.{field.json_name}": field.digits
        for name in ("TunedModel", "TuningTask", "TuningSnapshot")
        for field in surface.message(name).fields
        if field.type.endswith("Timestamp")
    }

    assert times == {
        "TunedModel.createTime": 6,
        "TunedModel.updateTime": 6,
        "TuningTask.startTime": 9,
        "TuningTask.completeTime": 6,
        "TuningSnapshot.computeTime": 9,
    }


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("TunedModel.State", ["STATE_UNSPECIFIED", "CREATING", "ACTIVE", "FAILED"]),
        ("Permission.GranteeType", ["GRANTEE_TYPE_UNSPECIFIED", "USER", "GROUP", "EVERYONE"]),
        ("Permission.Role", ["ROLE_UNSPECIFIED", "OWNER", "WRITER", "READER"]),
    ],
)
def test_enums(name: str, numbers: list[str]) -> None:
    """The enums of tuned models, numbered from 0."""
    enum = surface_of("v1beta").enum(name)

    assert enum.numbers == {value: number for number, value in enumerate(numbers)}
    assert enum.names == dict(enumerate(numbers))
    assert enum.type_url == f"type.googleapis.com/google.ai.generativelanguage.v1beta.{name}"


def test_behaviour_of_a_tuned_model() -> None:
    """The members of a model and of its task that only the service sets."""
    surface = surface_of("v1beta")
    set_by_the_service = {
        field.name
        for name in ("TunedModel", "TuningTask")
        for field in surface.message(name).fields
        if field.is_output_only
    }

    assert set_by_the_service == {
        "name",
        "state",
        "create_time",
        "update_time",
        "start_time",
        "complete_time",
        "snapshots",
    }


def test_full_names() -> None:
    """The types of this API have the version in their names, shared types do not."""
    assert surface_of("v1beta3").message("TunedModel").type_url == (
        "type.googleapis.com/google.ai.generativelanguage.v1beta3.TunedModel"
    )
    assert surface_of("v1").message("google.rpc.Status").type_url == "type.googleapis.com/google.rpc.Status"


def test_unknown_names() -> None:
    """An unknown name raises KeyError for messages and enums."""
    with pytest.raises(KeyError):
        surface_of("v1beta").message("Nonsense")
    with pytest.raises(KeyError):
        surface_of("v1beta").enum("Nonsense")


@pytest.mark.parametrize(
    ("name", "spelling"), [("tuned_model", "tunedModel"), ("name", "name"), ("top_k", "topK"), ("a_2b", "a2b")]
)
def test_camel(name: str, spelling: str) -> None:
    """The JSON name of a proto name."""
    assert camel(name) == spelling
