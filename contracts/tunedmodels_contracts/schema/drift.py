"""Compares a published discovery document with the schema, in the part of the API that the schema covers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from .discovery import Json, check_document, enum_values, methods, reachable, type_text
from .surface import Message, Method, Surface, Type, surface

Kind = Literal[
    "new-method",
    "gone-method",
    "changed-method",
    "new-message",
    "gone-message",
    "new-field",
    "gone-field",
    "changed-field",
    "new-enum-value",
    "gone-enum-value",
]


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: its place (``TunedModel.state``, ``tunedModels.patch path``), and its value in the schema
    (*ours*) and in the document (*theirs*).
    """

    kind: Kind
    place: str
    ours: str = ""
    theirs: str = ""

    def __str__(self) -> str:
        """Return the difference as a line of a report."""
        values = f": {self.ours or 'nothing'} is now {self.theirs or 'nothing'}" if self.ours or self.theirs else ""
        return f"{self.kind}: {self.place}{values}"


@dataclass(frozen=True, slots=True)
class Drift:
    """All differences of one document. *version* and *revision* are the document's.

    *new_collections* are top-level collections that the schema's own document did not have. Their contents are not
    compared.
    """

    version: str
    revision: str
    schema_revision: str
    differences: tuple[Difference, ...]
    new_collections: tuple[str, ...]


def drift(document: Json, schema: Surface | None = None) -> Drift:
    """Compare *document*, a parsed discovery document, with *schema*, or with the schema of its version.

    Raises ValueError if it is no discovery document, or if its version has no schema.
    """
    check_document(document)
    if schema is None:
        schema = surface(str(document.get("version")))
    schemas: Json = document["schemas"]
    theirs = dict(methods(document))
    return Drift(
        version=schema.version,
        revision=str(document.get("revision", "")),
        schema_revision=schema.revision,
        differences=(*_method_differences(schema, theirs), *_message_differences(schema, schemas, theirs)),
        new_collections=tuple(sorted(set(document["resources"]) - set(schema.collections))),
    )


def _method_differences(schema: Surface, theirs: Mapping[str, Json]) -> Iterator[Difference]:
    known = {*schema.methods, *schema.uncovered_methods}
    covered = {id_.partition(".")[0] for id_ in schema.methods}
    for id_ in sorted({*theirs} - known):
        if id_.partition(".")[0] in covered:
            yield Difference("new-method", id_)
    for id_ in sorted(known - {*theirs}):
        yield Difference("gone-method", id_)
    for id_ in sorted({*schema.methods} & {*theirs}):
        ours, published = _schema_aspects(schema.methods[id_]), _document_aspects(theirs[id_])
        for aspect in sorted({*ours} | {*published}):
            if ours.get(aspect) != published.get(aspect):
                yield Difference("changed-method", f"{id_} {aspect}", ours.get(aspect, ""), published.get(aspect, ""))


def _schema_aspects(method: Method) -> dict[str, str]:
    """Return each aspect of a method in the schema as a text, by name."""
    aspects = {"http": method.http, "path": method.path, "response": method.response}
    if method.request is not None:
        aspects["request"] = method.request
    for name, parameter in method.parameters.items():
        form = f"{parameter.place} {_type_name(parameter.type)} {parameter.pattern or ''}"
        aspects[f"parameter {name}"] = form.rstrip()
    return aspects


def _document_aspects(method: Json) -> dict[str, str]:
    """Return each aspect of a method in a document as a text, in the same form."""
    aspects = {"http": str(method.get("httpMethod")), "path": str(method.get("path"))}
    for name in ("request", "response"):
        if name in method:
            aspects[name] = str(method[name].get("$ref"))
    for name, parameter in method.get("parameters", {}).items():
        form = f"{parameter.get('location')} {type_text(parameter)} {parameter.get('pattern', '')}"
        aspects[f"parameter {name}"] = form.rstrip()
    return aspects


def _message_differences(schema: Surface, schemas: Json, theirs: Mapping[str, Json]) -> Iterator[Difference]:
    # A message that was only observed is of the front end. A document's message of that name would be another one.
    known = {
        name: message for name, message in schema.messages.items() if message.source != "observed" and not message.open
    }
    for name in sorted(reachable(schemas, (theirs[id_] for id_ in schema.methods if id_ in theirs)) - {*known}):
        yield Difference("new-message", name)
    for name, message in known.items():
        if name in schemas:
            yield from _field_differences(schema, message, schemas[name].get("properties", {}))
        elif message.source == "discovery":
            yield Difference("gone-message", name)


def _field_differences(schema: Surface, message: Message, properties: Json) -> Iterator[Difference]:
    for name in sorted({*properties} - {*message.members}):
        yield Difference("new-field", f"{message.name}.{name}", theirs=type_text(properties[name]))
    for name, member in message.members.items():
        place = f"{message.name}.{name}"
        ours = _type_name(member.type)
        if name not in properties:
            yield Difference("gone-field", place, ours)
            continue
        theirs = type_text(properties[name])
        if ours != theirs:
            yield Difference("changed-field", place, ours, theirs)
            continue
        known = [*schema.enums.get(_innermost(member.type).name, ())] if "enum" in ours else []
        published = enum_values(properties[name])
        for value in published:
            if value not in known:
                yield Difference("new-enum-value", place, theirs=value)
        for value in known:
            if value not in published:
                yield Difference("gone-enum-value", place, value)


def _type_name(type_: Type) -> str:
    """Return a type of the schema in the form of ``type_text``, which names no enum and does not tell an Any from a
    Struct.
    """
    if type_.item_type is not None:
        return f"{type_.kind} of {_type_name(type_.item_type)}"
    return {"any": "struct", "message": type_.name}.get(type_.kind, type_.kind)


def _innermost(type_: Type) -> Type:
    return type_ if type_.item_type is None else _innermost(type_.item_type)
