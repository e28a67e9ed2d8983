"""Loads the schema of one version of the API, with its methods, messages and enums, from the data file in this
folder.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

VERSIONS = ("v1", "v1beta")

_SCALARS = frozenset(("string", "bytes", "bool", "int32", "int64", "float", "double"))
_WELL_KNOWN = frozenset(("timestamp", "duration", "fieldmask", "any", "struct", "value"))

# The type of an Any names the version that created it. Another version can show it: an operation is created under
# v1beta and polled under v1. As far as we know, v1beta3 and v1alpha have the messages of v1beta.
_PACKAGES = {"v1": "v1", "v1beta": "v1beta", "v1beta3": "v1beta", "v1alpha": "v1beta"}


@dataclass(frozen=True, slots=True)
class Type:
    """The type of a value. *kind* is the name of a scalar or of a well-known type, or ``enum``, ``message``, ``list``
    or ``map``.

    *name* is the name of the enum or message. *item_type* is the type of the values in a list or map.
    """

    kind: str
    name: str = ""
    item_type: Type | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a message.

    *number* gives the order of the members; None means unknown. *has_presence* says whether a zero is written; None
    means unknown. *digits* is the number of digits that a time has after the point; None means any number. *allowed*
    names the messages that an Any may hold; None means any. *direction* is ``request`` for a member that no answer has.
    """

    name: str
    number: int | None
    type: Type
    has_presence: bool | None
    oneof: str | None = None
    digits: int | None = None
    allowed: tuple[str, ...] | None = None
    direction: Literal["request"] | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message. If it is *open*, only its name is known. *required* has names of members or oneofs."""

    name: str
    source: Literal["discovery", "proto", "observed"]
    members: Mapping[str, Member]
    required: tuple[str, ...] = ()
    open: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a method, in its path or in the query string."""

    place: Literal["path", "query"]
    type: Type
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Method:
    """A method. If it is *partial*, it answers with some members alone. *required* names the members that its answer
    has beyond those that the message requires.
    """

    id: str
    http: str
    path: str
    parameters: Mapping[str, Parameter]
    request: str | None
    response: str
    required: tuple[str, ...]
    partial: bool
    stream: bool


@dataclass(frozen=True, slots=True)
class Surface:
    """One version of the API. *revision* is that of the discovery document from which the schema was made.

    *collections* are the top-level collections of that document. *uncovered_methods* names the methods that the
    schema does not cover, in collections of which it covers others. *http* has the HTTP status of each status name.
    """

    version: str
    revision: str
    methods: Mapping[str, Method]
    messages: Mapping[str, Message]
    enums: Mapping[str, Mapping[str, int | None]]
    http: Mapping[str, int]
    collections: tuple[str, ...]
    uncovered_methods: tuple[str, ...]

    def payload(self, type_url: str) -> tuple[Surface, Message] | None:
        """Return the schema and the message that an Any of *type_url* holds, or None if it is unknown."""
        domain, _, name = type_url.partition("/")
        on: Surface = self
        if name.startswith("google.ai.generativelanguage."):
            version, _, name = name.removeprefix("google.ai.generativelanguage.").partition(".")
            if version not in _PACKAGES:
                return None
            on = surface(_PACKAGES[version])
        elif name == "google.rpc.Status":
            name = "Status"
        elif not name.startswith("google.rpc."):
            return None
        message = on.messages.get(name)
        if domain != "type.googleapis.com" or message is None or message.source == "observed":
            return None
        return on, message


@cache
def surface(version: str) -> Surface:
    """Return the schema of *version*, which is read at the first call. Raises ValueError for a version without
    a schema.
    """
    if version not in VERSIONS:
        raise ValueError(f"There is no schema of {version!r}, only of {' and '.join(VERSIONS)}.")
    text = files("tunedmodels_contracts.schema").joinpath(f"{version}.json").read_text(encoding="utf-8")
    return surface_from_json(json.loads(text))


def surface_from_json(data: Mapping[str, Any]) -> Surface:
    """Return the schema that a data file has."""
    return Surface(
        version=data["version"],
        revision=data["revision"],
        methods={id_: _method(id_, row) for id_, row in data["methods"].items()},
        messages={name: _message(name, row) for name, row in data["messages"].items()},
        enums=data["enums"],
        http=data["http"],
        collections=tuple(data["collections"]),
        uncovered_methods=tuple(data["uncovered_methods"]),
    )


def _method(id_: str, row: Mapping[str, Any]) -> Method:
    return Method(
        id=id_,
        http=row["http"],
        path=row["path"],
        parameters={
            name: Parameter(parameter["in"], _type(parameter["type"]), parameter.get("pattern"))
            for name, parameter in row["parameters"].items()
        },
        request=row.get("request"),
        response=row["response"],
        required=tuple(row.get("required", ())),
        partial=row.get("partial", False),
        stream=row.get("stream", False),
    )


def _message(name: str, row: Mapping[str, Any]) -> Message:
    members = {member: _member(member, data) for member, data in row["members"].items()}
    return Message(name, row["source"], members, tuple(row.get("required", ())), row.get("open", False))


def _member(name: str, row: Mapping[str, Any]) -> Member:
    type_ = _type(row["type"])
    allowed = row.get("of")
    return Member(
        name=name,
        number=row["number"],
        type=type_,
        has_presence=_has_presence(type_, row.get("presence")),
        oneof=row.get("oneof"),
        digits=row.get("digits"),
        allowed=None if allowed is None else tuple(allowed),
        direction=row.get("only"),
    )


def _has_presence(type_: Type, presence: str | None) -> bool | None:
    """Return whether a zero of the type is written. A list or map has no presence in protobuf, and a message always
    has. For other types the data file says it; None means unknown.
    """
    if type_.kind in ("list", "map"):
        return False
    if type_.kind == "message" or type_.kind in _WELL_KNOWN:
        return True
    return None if presence is None else presence == "explicit"


def _type(text: str) -> Type:
    """Parse a type as the data file spells it: ``[of a list]``, ``{of a map's values}``, ``enum:Name`` or a name."""
    if text[0] in "[{":
        return Type("list" if text[0] == "[" else "map", item_type=_type(text[1:-1]))
    if text.startswith("enum:"):
        return Type("enum", text.removeprefix("enum:"))
    return Type(text) if text in _SCALARS | _WELL_KNOWN else Type("message", text)
