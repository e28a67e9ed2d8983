"""Reads messages from JSON text and query parameters, with the error messages of the service.

It accepts both spellings of a name, numbers in strings, and enums by name or number. null means unset. Members that
only the service sets are checked and then ignored. It collects all violations, so that one error names them all.
Source: errors observed on this API and related ones; if none was observed, protobuf's JSON converter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as default
from typing import Any
from urllib.parse import unquote_to_bytes

from ..status import Code, StatusError, Violation, bad_request
from ..surface import SCALARS, WELL_KNOWN, Field, Message, Surface
from . import json_text
from .json_text import Members
from .scalars import READERS, InvalidValue, display, enum_number, well_known

MAX_VIOLATIONS = 100  # ours: a hostile body could have millions, and each is a line of the answer

_PAYLOAD = "Invalid JSON payload received. "
_TEXTUAL = frozenset(f"{WELL_KNOWN}{name}" for name in ("Timestamp", "Duration", "FieldMask"))
_FREE_FORM = frozenset(f"{WELL_KNOWN}{name}" for name in ("Struct", "Any"))
_ANYTHING = f"{WELL_KNOWN}Value"


@dataclass(slots=True)
class Reader:
    """A reader of the parts of one request, which collects their violations."""

    surface: Surface
    violations: list[Violation] = default(default_factory=list)

    def read_body(self, text: bytes, message: Message, path: str = "") -> dict[str, Any]:
        """Return the value of *message* in the JSON *text*. *path* is the request field that the body sets.

        Raise StatusError at once if *text* is not JSON.
        """
        try:
            value = json_text.parse(text) if text else Members()
        except json_text.JsonSyntaxError as error:
            raise syntax_error(str(error)) from None
        if not isinstance(value, Members):
            self._refuse("", f'{_PAYLOAD}Unknown name "": Root element must be a message.')
            return {}
        return self.read_message(value, message, path)

    def read_query(self, pairs: Iterable[tuple[str, str]], message: Message, unbindable: str | None) -> dict[str, Any]:
        """Return the value of *message* in the query parameters *pairs*. Of a repeated parameter, the last one counts.

        *unbindable* is the field that the body sets, or ``*`` if the body sets all fields.
        """
        result: dict[str, Any] = {}
        for key, text in pairs:
            head, _, rest = key.partition(".")
            field = None if unbindable == "*" else message.by_name.get(head)
            if field is None or rest or field.name == unbindable or not self._is_scalar(field):
                self._refuse(
                    "",
                    f'{_PAYLOAD}Unknown name "{key}": Cannot bind query parameter. '
                    f"Field '{key}' could not be found in request message.",
                )
                continue
            value = self._scalar(field, text, field.name)
            if value is not None:
                result[field.name] = value
        return self._drop_ignored(result, message)

    def raise_violations(self) -> None:
        """Raise StatusError with all violations, if there are any."""
        if self.violations:
            raise bad_request(self.violations)

    def read_message(self, members: Members, message: Message, path: str) -> dict[str, Any]:
        """Return the value of *message* in *members*. *path* is their place in the request."""
        result: dict[str, Any] = {}
        set_oneofs: set[str] = set()
        for key, value in members:
            field = message.by_name.get(key)
            if field is None:
                self._unknown(key, path, "Cannot find field.")
            elif value is None:
                continue
            elif field.oneof in set_oneofs:
                reason = f"oneof field '{field.oneof}' is already set. Cannot set '{key}'"
                self._invalid(path, "oneof", reason)
            else:
                if field.oneof:
                    set_oneofs.add(field.oneof)
                self._member(key, value, field, path, result)
        return self._drop_ignored(result, message)

    def _drop_ignored(self, values: dict[str, Any], message: Message) -> dict[str, Any]:
        """Return *values* without output-only members and without zeros that have no explicit presence."""
        fields = message.by_name
        names = values if len(values) < 2 else sorted(values, key=message.order.__getitem__)
        return {
            name: values[name]
            for name in names
            if not fields[name].is_output_only and (values[name] or self.surface.has_presence(fields[name]))
        }

    def _member(self, key: str, value: Any, field: Field, path: str, result: dict[str, Any]) -> None:
        place = f"{path}.{field.name}" if path else field.name
        if field.map_of:
            result.setdefault(field.name, {}).update(self._map(key, value, field, path, place))
            return
        if isinstance(value, list) and not (field.type == _ANYTHING and not field.repeated):
            if not field.repeated:
                self._unknown(key, path, "Proto field is not repeating, cannot start list.")
                return
            items = [
                self._read_value(key, item, field, path, f"{place}[{index}]")
                for index, item in enumerate(value)
                if item is not None
            ]
            result.setdefault(field.name, []).extend(item for item in items if item is not None)
            return
        item = self._read_value(key, value, field, path, place)
        if item is None:
            return
        if field.repeated:
            result.setdefault(field.name, []).append(item)
        elif isinstance(item, dict) and isinstance(result.get(field.name), dict):
            result[field.name] = {**result[field.name], **item}
        else:
            result[field.name] = item

    def _read_value(self, key: str, value: Any, field: Field, path: str, place: str) -> Any:
        """Return one value of *field*, or None if it does not fit."""
        if field.type == _ANYTHING:
            return _plain(value)
        if isinstance(value, list):
            self._unknown("", place, "Proto field is not repeating, cannot start list.")
            return None
        if field.type in _FREE_FORM and isinstance(value, Members):
            return _plain(value)
        if self._is_scalar(field):
            if isinstance(value, Members):
                self._invalid(path, field.name, "Starting an object on a scalar field")
                return None
            return self._scalar(field, value, place, key)
        if isinstance(value, Members):
            return self.read_message(value, self.surface.message(field.type), place)
        self._invalid(place, f"type.googleapis.com/{self.surface.full_name(field.type)}", display(value))
        return None

    def _map(self, key: str, value: Any, field: Field, path: str, place: str) -> dict[str, Any]:
        entry = Field(None, "value", "value", field.map_of or "string")
        if not isinstance(value, Members):
            # Observed for lists. The message of the service for scalars is not known.
            self._invalid(path, "Map", f"Cannot bind a list to map for field '{key}'.")
            return {}
        values = {
            name: self._read_value(name, item, entry, place, f"{place}[{index}].value")
            for index, (name, item) in enumerate(value)
            if item is not None
        }
        return {name: item for name, item in values.items() if item is not None}

    def _scalar(self, field: Field, value: Any, place: str, key: str | None = None) -> Any:
        """Return *value* as a scalar, the number of an enum, or a well-known type, or None if it does not fit."""
        kind = field.type
        try:
            if kind in READERS:
                return READERS[kind](value)
            if kind.startswith(WELL_KNOWN):
                return well_known(kind, value, key or field.json_name)
            return enum_number(self.surface.enum(kind), value)
        except InvalidValue as error:
            if kind in READERS:
                name = f"TYPE_{kind.upper()}"
            elif kind.startswith(WELL_KNOWN):
                name = f"type.googleapis.com/{kind}"
            else:
                name = self.surface.enum(kind).type_url
            self._invalid(place, name, str(error))
            return None

    def _is_scalar(self, field: Field) -> bool:
        kind = field.type
        return not field.map_of and (kind in SCALARS or kind in _TEXTUAL or self.surface.is_enum(kind))

    def _unknown(self, name: str, path: str, reason: str) -> None:
        where = f" at '{path}'" if path else ""
        self._refuse(path, f'{_PAYLOAD}Unknown name "{name}"{where}: {reason}')

    def _invalid(self, path: str, kind: str, value_text: str) -> None:
        where = f" at '{path}'" if path else ""
        self._refuse(path, f"Invalid value{where} ({kind}), {value_text}")

    def _refuse(self, field: str, description: str) -> None:
        if len(self.violations) < MAX_VIOLATIONS:
            self.violations.append(Violation(field, description))


def syntax_error(message: str) -> StatusError:
    """Return the error for a text that is not JSON. It has no details; whether the service sends any is not known."""
    # The converter sends the message about the depth alone. The front end puts its own words before the others.
    prefix = "" if message.startswith("Message too deep") else _PAYLOAD
    return StatusError(Code.INVALID_ARGUMENT, prefix + message)


def query_pairs(query: bytes) -> list[tuple[str, str]]:
    """Return the names and values in a query string, in order. A parameter without ``=`` has an empty value.

    Percent-encoded and raw UTF-8 are both decoded.
    """
    pairs = [part.partition(b"=") for part in query.replace(b"+", b" ").split(b"&") if part]
    return [(_unquote(key), _unquote(text)) for key, _, text in pairs]


def _unquote(text: bytes) -> str:
    return unquote_to_bytes(text).decode("utf-8", "replace")


def _plain(value: Any) -> Any:
    """Return a JSON value as plain Python. Of a repeated name, the last one counts."""
    if isinstance(value, Members):
        return {key: _plain(item) for key, item in value}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
