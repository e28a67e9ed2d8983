"""The surface of one version of the API: its methods, messages and enums, as the data file beside this has them."""

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

# An Any names the version that made it, which need not be the one that shows it: an operation is created under
# v1beta and polled under v1. The messages of the older and newer versions that make them are v1beta's in all we know.
_PACKAGES = {"v1": "v1", "v1beta": "v1beta", "v1beta3": "v1beta", "v1alpha": "v1beta"}


@dataclass(frozen=True, slots=True)
class Type:
    """What a value is: *kind* is a scalar's name, a well-known type's, ``enum``, ``message``, ``list`` or ``map``.

    *name* is the enum's or the message's, and *of* what a list or map holds.
    """

    kind: str
    name: str = ""
    of: Type | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a message.

    *number* orders the members; None: unknown. *explicit* tells whether its zero is written; None: unknown.
    *digits* is how many a time has after the point, *of* which messages an Any may hold; None: any number, any.
    """

    name: str
    number: int | None
    type: Type
    explicit: bool | None
    oneof: str | None = None
    digits: int | None = None
    of: tuple[str, ...] | None = None
    only: Literal["request"] | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message; of one that is *open*, only the name is known. *required* has names of members or oneofs."""

    name: str
    source: Literal["discovery", "proto", "observed"]
    members: Mapping[str, Member]
    required: tuple[str, ...] = ()
    open: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a method, in its path or in the query."""

    place: Literal["path", "query"]
    type: Type
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Method:
    """A method; *partial* where it answers with some members alone, *required* what it answers beyond the message's."""

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
    """One version of the API, with the *revision* of the discovery document that its facts are from.

    *collections* are the top-level collections of that document. Of the methods *elsewhere* in those that have
    methods here, only the names are known. *http* is the HTTP status of each status name.
    """

    version: str
    revision: str
    methods: Mapping[str, Method]
    messages: Mapping[str, Message]
    enums: Mapping[str, Mapping[str, int | None]]
    http: Mapping[str, int]
    collections: tuple[str, ...]
    elsewhere: tuple[str, ...]

    def payload(self, type_url: str) -> tuple[Surface, Message] | None:
        """Return the message that an Any of *type_url* holds and the surface it is of, or None if it is unknown."""
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
    """Return the facts of *version*, read on first use. Raises ValueError for a version without."""
    if version not in VERSIONS:
        raise ValueError(f"There are facts of {' and '.join(VERSIONS)}, none of {version!r}.")
    facts = json.loads(files("tunedmodels_contracts.schema").joinpath(f"{version}.json").read_text(encoding="utf-8"))
    return Surface(
        version=facts["version"],
        revision=facts["revision"],
        methods={id_: _method(id_, row) for id_, row in facts["methods"].items()},
        messages={name: _message(name, row) for name, row in facts["messages"].items()},
        enums=facts["enums"],
        http=facts["http"],
        collections=tuple(facts["collections"]),
        elsewhere=tuple(facts["elsewhere"]),
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
    members = {member: _member(member, facts) for member, facts in row["members"].items()}
    return Message(name, row["source"], members, tuple(row.get("required", ())), row.get("open", False))


def _member(name: str, row: Mapping[str, Any]) -> Member:
    type_ = _type(row["type"])
    of = row.get("of")
    return Member(
        name=name,
        number=row["number"],
        type=type_,
        explicit=_explicit(type_, row.get("presence")),
        oneof=row.get("oneof"),
        digits=row.get("digits"),
        of=None if of is None else tuple(of),
        only=row.get("only"),
    )


def _explicit(type_: Type, presence: str | None) -> bool | None:
    """A list and a map have no presence in protobuf, a message always has; of the rest the data says it."""
    if type_.kind in ("list", "map"):
        return False
    if type_.kind == "message" or type_.kind in _WELL_KNOWN:
        return True
    return None if presence is None else presence == "explicit"


def _type(text: str) -> Type:
    """Read a type as the data spells it: ``[of a list]``, ``{of a map's values}``, ``enum:Name`` or a name."""
    if text[0] in "[{":
        return Type("list" if text[0] == "[" else "map", of=_type(text[1:-1]))
    if text.startswith("enum:"):
        return Type("enum", text.removeprefix("enum:"))
    return Type(text) if text in _SCALARS | _WELL_KNOWN else Type("message", text)
