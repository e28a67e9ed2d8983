"""Reads ``facts.json``: the messages, enums and methods of each version of the API, which are its *surface*.

The facts come from the protos and the discovery document that the file names. The file has the whole surface of
v1beta. For every other version it has the differences: what the version lacks, changes and adds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

import msgspec

VERSIONS = ("v1", "v1beta", "v1alpha", "v1beta3")
SCALARS = frozenset({"string", "int32", "int64", "float", "double", "bool", "bytes"})
WELL_KNOWN = "google.protobuf."


class Field(msgspec.Struct, frozen=True):
    """One member of a message.

    ``type`` is the name of a scalar, of a message or enum of this surface, or of a well-known type. ``map_of`` is the
    type of the values of a map. ``optional`` is explicit presence in proto3: a zero is written if it is set.
    ``digits`` is the number of fraction digits of a timestamp on the wire (observed).
    """

    number: int | None
    name: str
    json_name: str
    type: str
    repeated: bool = False
    map_of: str | None = None
    optional: bool = False
    oneof: str | None = None
    behavior: frozenset[str] = frozenset()
    digits: int = 9

    @property
    def is_output_only(self) -> bool:
        """Whether only the service sets the field. It ignores the field in requests."""
        return "OUTPUT_ONLY" in self.behavior


# A surface has one object for each type, which is a key of caches.
class Message(msgspec.Struct, frozen=True, eq=False, dict=True):
    """A message type. ``fields`` are in the order in which the service writes them."""

    full_name: str
    fields: tuple[Field, ...]

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """The fields by name, each with its JSON name and its proto name."""
        return {key: field for field in self.fields for key in (field.json_name, field.name)}

    @cached_property
    def order(self) -> Mapping[str, int]:
        """The places of the fields by proto name."""
        return {field.name: place for place, field in enumerate(self.fields)}

    @property
    def type_url(self) -> str:
        """The name of the type in an ``Any`` and in error messages."""
        return f"type.googleapis.com/{self.full_name}"


class Enum(msgspec.Struct, frozen=True, dict=True):
    """An enum type."""

    full_name: str
    numbers: Mapping[str, int]

    @cached_property
    def names(self) -> Mapping[int, str]:
        """The names of the values by number."""
        return {number: name for name, number in self.numbers.items()}

    @property
    def type_url(self) -> str:
        """The name of the type in error messages."""
        return f"type.googleapis.com/{self.full_name}"


class Method(msgspec.Struct, frozen=True):
    """A method of the API: the HTTP method, the path template, and the types of the request and the response.

    ``rpc`` is the service and method in the protos, without the package, which depends on the version. ``path`` is the
    template after ``/{version}/``, such as ``{parent=tunedModels/*}/permissions``: ``path_field`` is the request field
    that its variable sets (None if it has no variable), ``pattern`` the form of the variable, and ``suffix`` the rest
    of the template. ``body`` is the request field that the HTTP body sets: a name, ``*`` for the whole request, None
    for no body. ``documented`` is False if only the notes of a client mention the route. ``request`` and ``response``
    are empty for a known method that the server does not implement: the facts do not have its messages.
    """

    id: str
    rpc: str
    http: str
    path: str
    versions: tuple[str, ...]
    path_field: str | None
    pattern: str
    suffix: str
    request: str = ""
    response: str = ""
    body: str | None = None
    streaming: bool = False
    documented: bool = True

    @property
    def served(self) -> bool:
        """Whether the facts have the messages of the method."""
        return bool(self.request)


class Surface:
    """The messages, enums and methods of one version. Messages and enums are built on first use."""

    def __init__(self, version: str) -> None:
        self.version = version
        self._package = _facts()["package"]
        delta = _facts()["versions"].get(version, {"lacks": {}, "differs": {}, "adds": {}})
        self._lacks = {kind: frozenset(names) for kind, names in delta["lacks"].items()}
        self._differs: Mapping[str, Mapping[str, Any]] = delta["differs"]
        self._adds: Mapping[str, list[dict[str, Any]]] = delta["adds"]
        self._messages: dict[str, Message] = {}
        self._enums: dict[str, Enum] = {}

    def message(self, name: str) -> Message:
        """Return the message called *name* in the facts. Raise KeyError if this version does not have it."""
        if name not in self._messages:
            self._messages[name] = self._make_message(name)
        return self._messages[name]

    def enum(self, name: str) -> Enum:
        """Return the enum called *name* in the facts. Raise KeyError if there is none."""
        if name not in self._enums:
            lacks = self._lacks.get("enum_values", frozenset())
            values = _facts()["enums"][name]
            numbers = {value: n for value, n in values.items() if f"{name}.{value}" not in lacks}
            self._enums[name] = Enum(self.full_name(name), numbers)
        return self._enums[name]

    def is_enum(self, name: str) -> bool:
        """Whether *name* is the name of an enum."""
        return name in _facts()["enums"]

    def has_presence(self, field: Field) -> bool:
        """Whether *field* has explicit presence: it is ``optional``, in a oneof, or a single message."""
        if field.repeated or field.map_of:
            return False
        return field.optional or field.oneof is not None or not (field.type in SCALARS or self.is_enum(field.type))

    def message_or_none(self, kind: str) -> Message | None:
        """Return the message called *kind*, or None for a scalar, an enum and a well-known type."""
        if kind in SCALARS or kind.startswith(WELL_KNOWN) or self.is_enum(kind):
            return None
        return self.message(kind)

    def names(self) -> list[str]:
        """Return the names of all messages of this version."""
        lacks = self._lacks.get("messages", frozenset())
        return [name for name in {**_facts()["messages"], **self._adds} if name not in lacks]

    def full_name(self, name: str) -> str:
        """Return *name* with its package. A name that begins with ``google.`` already has one."""
        return name if name.startswith("google.") else f"{self._package}.{self.version}.{name}"

    def methods(self) -> list[Method]:
        """Return the methods that this version defines."""
        return [method for method in methods() if self.version in method.versions]

    def _make_message(self, name: str) -> Message:
        if name in self._lacks.get("messages", ()):
            raise KeyError(name)
        lacks = self._lacks.get("fields", frozenset())
        rows = [*_facts()["messages"].get(name, ()), *self._adds.get(name, ())]
        if not rows and name not in _facts()["messages"]:
            raise KeyError(name)
        fields = [
            _field({**row, **self._differs.get(f"{name}.{row['name']}", {})})
            for row in rows
            if f"{name}.{row['name']}" not in lacks
        ]
        # The service writes fields in the order of their numbers (observed). Fields without a public number come last.
        fields.sort(key=lambda field: field.number or 1 << 30)
        return Message(self.full_name(name), tuple(fields))


@cache
def surface_of(version: str) -> Surface:
    """Return the surface of *version*, one of ``VERSIONS``."""
    return Surface(version)


@cache
def methods() -> tuple[Method, ...]:
    """Return all methods of all versions, in the order of the facts."""
    return tuple(_method(row) for row in _facts()["methods"])


@cache
def method(method_id: str) -> Method:
    """Return the method called *method_id*, such as ``tunedModels.create``."""
    return next(entry for entry in methods() if entry.id == method_id)


def camel(name: str) -> str:
    """Return the JSON name of the proto name *name*: ``tunedModel`` for ``tuned_model``."""
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


@cache
def _facts() -> dict[str, Any]:
    facts: dict[str, Any] = msgspec.json.decode((files("tunedmodels_mockserver.wire") / "facts.json").read_bytes())
    return facts


def _field(row: Mapping[str, Any]) -> Field:
    values = re.fullmatch(r"map<string,(.*)>", row["type"])
    return Field(
        number=row["number"],
        name=row["name"],
        json_name=row.get("json") or camel(row["name"]),
        type=row["type"],
        repeated=row.get("repeated", False),
        map_of=values and values[1],
        optional=row.get("optional", False),
        oneof=row.get("oneof"),
        behavior=frozenset(row.get("behavior", ())),
        digits=row.get("digits", 9),
    )


def _method(row: Mapping[str, Any]) -> Method:
    variable = re.fullmatch(r"\{([\w.]+)=([^}]*)\}(.*)", row["path"])
    path_field, pattern, suffix = variable.groups() if variable else (None, row["path"], "")
    return Method(**{**row, "versions": tuple(row["versions"])}, path_field=path_field, pattern=pattern, suffix=suffix)
