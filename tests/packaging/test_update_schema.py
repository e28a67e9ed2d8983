"""scripts/update-schema changes in the schema what a new document changes, and nothing else."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

import pytest

from tunedmodels_contracts.schema.drift import drift
from tunedmodels_contracts.schema.surface import VERSIONS, surface_from_json

from ..contracts.discovery_document import Json, document
from ..contracts.schema.test_drift import MUTATIONS, Mutation, properties, tuned_model_methods

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "update-schema"
SCHEMAS = ROOT / "contracts" / "tunedmodels_contracts" / "schema"


def load_script() -> Any:
    loader = SourceFileLoader("update_schema", str(SCRIPT))
    spec = importlib.util.spec_from_loader("update_schema", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    path = [*sys.path]
    loader.exec_module(module)
    sys.path[:] = path
    return module


script = load_script()


def present(version: str = "v1beta") -> Json:
    schema: Json = json.loads((SCHEMAS / f"{version}.json").read_text(encoding="utf-8"))
    return schema


def published(version: str = "v1beta") -> Json:
    """A document from which the present schema could be made."""
    value, schema = document(version), present(version)
    value["revision"] = schema["revision"]
    for name, message in schema["messages"].items():
        if message["source"] != "discovery":
            value["schemas"].pop(name, None)
    for id_ in schema["methods"]:
        if schema["methods"][id_].get("source") == "proto":
            *collections, verb = id_.split(".")
            resource = value
            for collection in collections:
                resource = resource["resources"][collection]
            del resource["methods"][verb]
    return value


def update(change: Callable[[Json], object], descriptors: Any = None) -> Json:
    """Return the schema of a document after *change*."""
    value = published()
    change(value)
    schema: Json = script.Update(present(), value, descriptors).schema
    return schema


class Files:
    """A schema and a document in a folder, and the program's status, output and errors for them."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.schema = folder / "schema.json"
        self.schema.write_bytes((SCHEMAS / "v1beta.json").read_bytes())
        self.document = folder / "document.json"
        self.write(published())
        self._capsys = capsys

    def write(self, value: Any) -> None:
        self.document.write_text(json.dumps(value), encoding="utf-8")

    def run(self, *options: str) -> tuple[int, str, str]:
        status: int = script.main([str(self.document), "--schema", str(self.schema), *options])
        out, err = self._capsys.readouterr()
        return status, out, err


@pytest.fixture
def files(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Files:
    """The program without descriptors, which depend on what this Python has."""
    monkeypatch.setattr(script, "installed_descriptors", lambda: None)
    return Files(tmp_path, capsys)


@pytest.mark.parametrize("version", VERSIONS)
def test_round_trip(version: str, files: Files) -> None:
    """A document with the content of the schema does not change its file."""
    files.schema.write_bytes((SCHEMAS / f"{version}.json").read_bytes())
    files.write(published(version))

    for options in ([], ["--check"]):
        status, out, err = files.run(*options)
        assert (status, err) == (0, "")
        assert out.endswith("schema.json: nothing changes\n")
    assert files.schema.read_bytes() == (SCHEMAS / f"{version}.json").read_bytes()


@pytest.mark.parametrize("version", VERSIONS)
def test_installed_descriptors_agree(version: str) -> None:
    """The schema has no value that differs from the installed descriptors."""
    pytest.importorskip("google.ai.generativelanguage_v1beta")
    schema = script.Update(present(version), published(version), script.installed_descriptors()).schema

    for name, message in present(version)["messages"].items():
        for member, row in message["members"].items():
            values = {inner: value for inner, value in row.items() if value is not None}
            assert {inner: schema["messages"][name]["members"][member].get(inner) for inner in values} == values, name
    for name, values in present(version)["enums"].items():
        for value, number in values.items():
            assert number in (None, schema["enums"][name][value]), (name, value)


@pytest.mark.parametrize(("mutation", "expected"), MUTATIONS)
def test_update_removes_the_drift(mutation: Mutation, expected: list[Any], files: Files) -> None:
    """After an update the schema agrees with the document, and the contracts can load it."""
    value = document()
    mutation(value)
    files.write(value)
    status, out, _ = files.run()
    report = drift(value, surface_from_json(json.loads(files.schema.read_text(encoding="utf-8"))))

    assert status == 0
    assert (report.differences, report.schema_revision) == ((), "20270101")
    assert [str(difference) in out for difference in expected] == [True] * len(expected)
    assert files.run("--check")[0] == 0


def add_accuracy(value: Json) -> None:
    properties(value, "TuningSnapshot")["accuracy"] = {"type": "number", "format": "float"}


def test_new_types() -> None:
    """Each type has the schema's spelling; an Any and a Struct differ only in their description."""
    any_ = {"type": "any", "description": "Properties of the object. Contains field @type with type URL."}
    new = {
        "a": {"type": "object", "additionalProperties": any_},
        "b": {"type": "object", "additionalProperties": {"type": "any", "description": "Properties of the object."}},
        "c": {"type": "object", "additionalProperties": {"type": "string", "format": "int64"}},
        "d": {"type": "array", "items": {"$ref": "Permission"}},
        "e": {"type": "string", "enum": ["E_UNSPECIFIED", "E"]},
    }
    schema = update(lambda value: properties(value, "TuningSnapshot").update(new))
    members = schema["messages"]["TuningSnapshot"]["members"]

    types = ["any", "struct", "{int64}", "[Permission]", "enum:TuningSnapshot.E"]
    assert [members[name]["type"] for name in new] == types
    assert [members[name].get("presence", "none") for name in new] == ["none", "none", "none", "none", None]
    assert schema["enums"]["TuningSnapshot.E"] == {"E_UNSPECIFIED": None, "E": None}


def test_new_messages() -> None:
    """The schema gets every message of a covered method; a message that the document lacks has no members."""

    def change(value: Json) -> None:
        properties(value, "TunedModel")["adapter"] = {"$ref": "Adapter"}
        value["schemas"]["Adapter"] = {"properties": {"rank": {"$ref": "Rank"}}}
        value["schemas"]["Unused"] = {"properties": {}}

    messages = update(change)["messages"]

    assert messages["Adapter"] == {"source": "discovery", "members": {"rank": {"number": None, "type": "Rank"}}}
    assert messages["Rank"] == {"source": "discovery", "open": True, "members": {}}
    assert {*messages} - {*present()["messages"]} == {"Adapter", "Rank"}


def test_removed_method(files: Files) -> None:
    """The schema loses a method that the document no longer has, and the messages of this method alone."""
    value = published()
    del tuned_model_methods(value)["transferOwnership"]
    files.write(value)
    _, out, _ = files.run()
    schema = json.loads(files.schema.read_text(encoding="utf-8"))

    assert "gone-method: tunedModels.transferOwnership\n" in out
    assert "gone-message: TransferOwnershipRequest: nothing that is covered leads to it\n" in out
    assert {*present()["methods"]} - {*schema["methods"]} == {"tunedModels.transferOwnership"}
    assert {*present()["messages"]} - {*schema["messages"]} == {"TransferOwnershipRequest", "TransferOwnershipResponse"}


def test_new_method(files: Files) -> None:
    """A new method is listed as uncovered, and a new collection as one."""
    value = published()
    tuned_model_methods(value)["pause"] = {"id": "generativelanguage.tunedModels.pause"}
    value["resources"]["robots"] = {"methods": {"get": {"id": "generativelanguage.robots.get"}}}
    files.write(value)
    _, out, _ = files.run()
    schema = json.loads(files.schema.read_text(encoding="utf-8"))

    assert "new-method: tunedModels.pause: not covered, goes to uncovered_methods\n" in out
    assert "new-collection: robots: not covered\n" in out
    assert schema["uncovered_methods"] == [*present()["uncovered_methods"], "tunedModels.pause"]
    assert "robots" in schema["collections"]
    assert schema["methods"] == present()["methods"]


def test_newly_covered_method() -> None:
    """A method whose id is new among the schema's methods gets its values and messages from the document."""
    schema, value = present(), published()
    schema["uncovered_methods"].remove("models.predict")
    schema["methods"] = {
        "models.predict": {"http": "GET", "path": "", "parameters": {}, "response": "Empty"},
        **schema["methods"],
    }
    value["resources"]["models"]["methods"]["predict"].update(
        httpMethod="POST",
        path="v1beta/{+model}:predict",
        parameters={"model": {"location": "path", "type": "string", "pattern": "^models/[^/]+$"}},
        request={"$ref": "PredictRequest"},
        response={"$ref": "PredictResponse"},
    )
    value["schemas"].update(PredictRequest={"properties": {}}, PredictResponse={"properties": {}})
    result = script.Update(schema, value, None).schema

    assert result["methods"]["models.predict"] == {
        "http": "POST",
        "path": "v1beta/{+model}:predict",
        "parameters": {"model": {"in": "path", "type": "string", "pattern": "^models/[^/]+$"}},
        "request": "PredictRequest",
        "response": "PredictResponse",
    }
    assert [*result["methods"]] == sorted(result["methods"])
    assert {"PredictRequest", "PredictResponse"} <= {*result["messages"]}
    assert "models.predict" not in result["uncovered_methods"]


def test_facts_of_the_schema_remain_while_they_fit() -> None:
    """The schema loses facts that no document has only with their member or type."""

    def change(value: Json) -> None:
        properties(value, "TuningSnapshot")["computeTime"] = {"type": "string"}
        del properties(value, "TuningSnapshot")["step"]
        tuned_model_methods(value)["create"]["response"] = {"$ref": "TunedModel"}

    schema = update(change)

    member = {"number": 4, "type": "string", "presence": None}
    assert schema["messages"]["TuningSnapshot"]["members"]["computeTime"] == member
    assert schema["messages"]["TuningSnapshot"]["required"] == ["computeTime"]
    assert schema["methods"]["tunedModels.create"]["required"] == []
    assert schema["messages"]["TuningTask"] == present()["messages"]["TuningTask"]


def test_whole_document_of_v1() -> None:
    """Messages and methods of v1 have the source discovery as soon as the document has them."""
    schema = script.Update(present("v1"), document("v1"), None).schema

    assert {row["source"] for name, row in schema["messages"].items() if not name.startswith("google.")} == {
        "discovery",
        "observed",
    }
    assert not any("source" in method for method in schema["methods"].values())
    assert {*schema["methods"]} == {*present("v1")["methods"]}


PROTO = """
name: "test.proto" package: "google.ai.generativelanguage.v1beta" syntax: "proto3"
message_type {
  name: "TuningSnapshot"
  field { name: "step" number: 1 type: TYPE_INT32 label: LABEL_OPTIONAL }
  field { name: "epoch" number: 2 type: TYPE_INT32 label: LABEL_OPTIONAL oneof_index: 1 proto3_optional: true }
  field { name: "kind" number: 8 type: TYPE_ENUM type_name: "Score.Kind" label: LABEL_OPTIONAL }
  field { name: "best_score" number: 9 type: TYPE_MESSAGE type_name: "Score" label: LABEL_OPTIONAL }
  field { name: "plain_score" number: 10 type: TYPE_DOUBLE label: LABEL_OPTIONAL oneof_index: 0 }
  oneof_decl { name: "score" }
  oneof_decl { name: "_epoch" }
  nested_type {
    name: "Score"
    field { name: "value" number: 3 type: TYPE_FLOAT label: LABEL_OPTIONAL }
    enum_type { name: "Kind" value { name: "KIND_UNSPECIFIED" number: 0 } value { name: "LOSS" number: 7 } }
  }
}
message_type {
  name: "GenerationConfig"
  field { name: "response_json_schema" number: 24 type: TYPE_STRING label: LABEL_OPTIONAL }
  field { name: "response_json_schema_ordered" number: 28 type: TYPE_STRING label: LABEL_OPTIONAL }
}
"""


def descriptors_of(version: str) -> Any:
    """Return descriptors of a package of this version."""
    file = pytest.importorskip("google.protobuf.text_format").Parse(
        PROTO, pytest.importorskip("google.protobuf.descriptor_pb2").FileDescriptorProto()
    )
    pool = pytest.importorskip("google.protobuf.descriptor_pool").DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return script.Descriptors(pool, {"google-ai-generativelanguage": version})


def new_score(value: Json) -> None:
    properties(value, "TuningSnapshot").update(
        bestScore={"$ref": "Score"},
        plainScore={"type": "number", "format": "double"},
        kind={"type": "string", "enum": ["KIND_UNSPECIFIED", "LOSS", "LATER"]},
    )
    value["schemas"]["Score"] = {"properties": {"value": {"type": "number", "format": "float"}}}


@pytest.mark.parametrize("version", ["0.1", "99.0"])
def test_descriptors_of_new_members(version: str) -> None:
    """Number, presence, oneof, and the enum's name and numbers come from the protos, also for a nested message."""
    schema = update(new_score, descriptors_of(version))
    snapshot = schema["messages"]["TuningSnapshot"]["members"]

    assert [*snapshot] == ["step", "epoch", "meanLoss", "computeTime", "kind", "bestScore", "plainScore"]
    assert snapshot["kind"] == {"number": 8, "type": "enum:TuningSnapshot.Score.Kind", "presence": "implicit"}
    assert snapshot["bestScore"] == {"number": 9, "type": "Score"}
    assert snapshot["plainScore"] == {"number": 10, "type": "double", "presence": "explicit", "oneof": "score"}
    assert schema["messages"]["Score"]["members"] == {"value": {"number": 3, "type": "float", "presence": "implicit"}}
    assert schema["enums"]["TuningSnapshot.Score.Kind"] == {"KIND_UNSPECIFIED": 0, "LOSS": 7, "LATER": None}
    config = schema["messages"]["GenerationConfig"]["members"]
    assert config.keys() == present()["messages"]["GenerationConfig"]["members"].keys()
    assert config["responseJsonSchema"]["number"] == 28


@pytest.mark.parametrize(("version", "presence"), [("0.1", "implicit"), ("0.12.1", "explicit"), ("99.0", "explicit")])
def test_descriptors_of_known_members(version: str, presence: str) -> None:
    """Protos that are older than those of the schema do not change it."""
    members = update(dict, descriptors_of(version))["messages"]["TuningSnapshot"]["members"]

    assert members["epoch"] == {"number": 2, "type": "int32", "presence": presence}


def test_sources(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sources name the new revision, its origin and newer packages, and are otherwise unchanged."""
    monkeypatch.setattr(script, "installed_descriptors", lambda: descriptors_of("99.0"))
    files.write({**published(), "revision": "20270101"})
    _, out, _ = files.run("--origin", "the service")
    schema = json.loads(files.schema.read_text(encoding="utf-8"))
    before, after = present()["sources"], schema["sources"]

    assert schema["revision"] == "20270101"
    assert after["methods, messages, members, types, enum values"] == (
        "discovery document of v1beta, revision 20270101 (the service)"
    )
    assert after["number, presence, oneof"].startswith(
        "descriptors of google-ai-generativelanguage 99.0, googleapis-common-protos 1.75.0; "
    )
    assert {name for name in before if before[name] != after[name]} == {
        "methods, messages, members, types, enum values",
        "number, presence, oneof",
    }
    assert out.endswith("correct what is not true of the new document.\n")


def test_check_writes_nothing(files: Files) -> None:
    """--check prints the changes and writes nothing; its status is 1."""
    value = published()
    add_accuracy(value)
    files.write(value)
    status, out, err = files.run("--check")

    assert (status, err) == (1, "")
    assert "new-field: TuningSnapshot.accuracy: nothing is now float\n" in out
    assert out.endswith("schema.json: would change; nothing is written\n")
    assert files.schema.read_bytes() == (SCHEMAS / "v1beta.json").read_bytes()


def test_file_keeps_its_mode_and_its_format(files: Files) -> None:
    """The file has a line for each member, and no other file remains."""
    files.schema.chmod(0o640)
    value = published()
    add_accuracy(value)
    files.write(value)
    before = files.schema.read_text(encoding="utf-8").splitlines()
    files.run()
    after = files.schema.read_text(encoding="utf-8").splitlines()

    assert files.schema.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in files.schema.parent.iterdir()) == ["document.json", "schema.json"]
    assert [line for line in after if line not in before] == [
        '      "computeTime": {"number": 4, "type": "timestamp", "digits": 9},',
        '      "accuracy": {"number": null, "type": "float", "presence": null}',
    ]
    assert len(after) == len(before) + 1


def test_failed_write_changes_no_file(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the schema cannot be written, the old file remains, and no other."""

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    files.write({**published(), "revision": "20270101"})
    status, _, err = files.run()

    assert status == 2
    assert err.endswith("schema.json: The file cannot be written: No space left on device.\n")
    assert files.schema.read_bytes() == (SCHEMAS / "v1beta.json").read_bytes()
    assert sorted(path.name for path in files.schema.parent.iterdir()) == ["document.json", "schema.json"]


NO_PATH = "The document does not say which HTTP method, path and messages tunedModels.create has."
BAD: list[tuple[Mutation, str]] = [
    (lambda value: value.clear(), "This is no discovery document: it has no resources and schemas."),
    (lambda value: value.update(resources=[]), "This is no discovery document: it has no resources and schemas."),
    (lambda value: value.update(version="v2"), "The schemas are of v1 and v1beta, not of 'v2'."),
    (lambda value: value.pop("revision"), "The document has no revision."),
    (lambda value: tuned_model_methods(value).update(create={}), "The method create has no id."),
    (lambda value: tuned_model_methods(value)["create"].pop("path"), NO_PATH),
    (lambda value: tuned_model_methods(value)["create"].pop("response"), NO_PATH),
    (
        lambda value: value["resources"].update(tunedModels={"methods": []}),
        "A collection has no methods in the form of a discovery document.",
    ),
    (
        lambda value: value["schemas"].update(TunedModel={"properties": ["name"]}),
        "The message TunedModel has no members in the form of a discovery document.",
    ),
    (
        lambda value: properties(value, "TunedModel").update(size={"type": "integer", "format": "uint32"}),
        "TunedModel.size has the type integer uint32, for which the schema has no name.",
    ),
    (
        lambda value: properties(value, "TunedModel").update(sizes={"type": "array"}),
        "TunedModel.sizes has the type array, for which the schema has no name.",
    ),
]


@pytest.mark.parametrize(("mutation", "sentence"), BAD)
def test_bad_document(mutation: Mutation, sentence: str, files: Files) -> None:
    """The program prints one sentence, ends with status 2, and does not change the schema."""
    value = published()
    mutation(value)
    files.write(value)
    status, _, err = files.run()

    assert status == 2
    assert err.startswith("scripts/update-schema: ")
    assert err.endswith(f"{sentence}\n")
    assert err.count("\n") == 1
    assert files.schema.read_bytes() == (SCHEMAS / "v1beta.json").read_bytes()


def test_bad_files(files: Files) -> None:
    """Files that are missing, or have another content, are refused in the same way."""
    files.document.write_text("<html>", encoding="utf-8")
    assert files.run()[2].endswith("document.json: The file is no JSON: Expecting value: line 1 column 1 (char 0).\n")
    files.document.unlink()
    assert files.run()[2].endswith("document.json: The file cannot be read: No such file or directory.\n")
    files.write(published("v1"))
    assert files.run()[2].endswith("schema.json: The schema is of v1beta, and the document of v1.\n")
    files.schema.write_text("[]", encoding="utf-8")
    assert files.run() == (2, "", f"scripts/update-schema: {files.schema}: This is no schema.\n")
    assert files.run("--origin", "a (b)")[0] == 2


def test_command() -> None:
    """The program's help needs no package, and says what to install."""
    command = [sys.executable, "-E", "-S", str(SCRIPT), "--help"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (run.returncode, run.stderr) == (0, "")
    assert "pip install google-ai-generativelanguage" in " ".join(run.stdout.split()).replace(
        "google-ai- ", "google-ai-"
    )
