"""Walks through a value along its message, and collects the places that violate the schema."""

from __future__ import annotations

from typing import Any

from .scalars import is_zero, scalar_problem, time_problem
from .surface import Member, Message, Surface, Type
from .violation import Kind, SchemaViolation

_TYPE = "@type"


class Validator:
    """One walk through a value. Its *findings* are in the order of the value.

    If *partial*, any member may be missing. If *enum_numbers*, enums are numbers and not names.
    """

    def __init__(self, *, partial: bool, enum_numbers: bool) -> None:
        self.findings: list[SchemaViolation] = []
        self._partial = partial
        self._enum_numbers = enum_numbers

    def message(self, schema: Surface, message: Message, value: Any, place: str, *, skip: str = "") -> None:
        """Check *value* as a *message*, except the member *skip*."""
        if not isinstance(value, dict):
            self._find("wrong-type", place, f"{value!r:.100} is not an object, expected {message.name}")
            return
        highest = Member("", 0, Type(""), None)
        oneofs: dict[str, str] = {}
        for name, inner in value.items():
            if name == skip:
                continue
            where = f"{place}.{name}" if place else name
            member = message.members.get(name)
            if member is None:
                if not message.open:
                    self._find("unknown-member", where, f"{message.name} has no member {name!r}")
                continue
            if member.direction == "request":
                self._find("input-only", where, f"{name!r} is only for requests")
                continue
            if member.number is not None and highest.number is not None:
                if member.number < highest.number:
                    self._find("out-of-order", where, f"{name!r} belongs before {highest.name!r}")
                else:
                    highest = member
            if member.oneof is not None:
                other = oneofs.setdefault(member.oneof, name)
                if other != name:
                    self._find("oneof", where, f"{name!r} and {other!r} must not be together")
            self._member(schema, member, inner, where)
        if not self._partial:
            self.require(message, message.required, value, place)

    def require(self, message: Message, names: tuple[str, ...], value: dict[str, Any], place: str) -> None:
        """Report each of the members or oneofs in *names* that *value* does not have."""
        for name in names:
            if name in message.members:
                if name not in value:
                    where = f"{place}.{name}" if place else name
                    self._find("missing-member", where, f"every complete {message.name} has it")
                continue
            choice = [member.name for member in message.members.values() if member.oneof == name]
            if not any(member in value for member in choice):
                self._find("missing-member", place, f"every complete {message.name} has one of {', '.join(choice)}")

    def _member(self, schema: Surface, member: Member, value: Any, place: str) -> None:
        count = len(self.findings)
        self._value(schema, member.type, member, value, place)
        if member.has_presence is False and len(self.findings) == count and self._is_zero(schema, member.type, value):
            self._find("zero-written", place, f"{value!r} is the zero and must be omitted")

    def _value(self, schema: Surface, type_: Type, member: Member, value: Any, place: str) -> None:
        if type_.kind == "message":
            self.message(schema, schema.messages[type_.name], value, place)
        elif type_.kind == "list" and type_.item_type is not None:
            if not isinstance(value, list):
                self._find("wrong-type", place, f"{value!r:.100} is not a list")
                return
            for index, item in enumerate(value):
                self._value(schema, type_.item_type, member, item, f"{place}[{index}]")
        elif type_.kind == "map" and type_.item_type is not None:
            if not isinstance(value, dict):
                self._find("wrong-type", place, f"{value!r:.100} is not an object")
                return
            for key, item in value.items():
                self._value(schema, type_.item_type, member, item, f"{place}[{key!r}]")
        elif type_.kind == "enum":
            self._enum(schema, type_.name, value, place)
        elif type_.kind == "any":
            self._any(schema, member, value, place)
        else:
            is_time = type_.kind == "timestamp"
            problem = time_problem(value, member.digits) if is_time else scalar_problem(type_.kind, value)
            if problem is not None:
                self._find(problem[0], place, problem[1])

    def _enum(self, schema: Surface, name: str, value: Any, place: str) -> None:
        values = schema.enums[name]
        # The front end writes the status of an error as text, and no option turns it into a number.
        numbers = self._enum_numbers and name != "google.rpc.Code"
        if not isinstance(value, int if numbers else str) or isinstance(value, bool):
            self._find("wrong-type", place, f"{value!r:.100} is not a {'number' if numbers else 'name'} of {name}")
        elif value not in (values.values() if numbers else values) and not (numbers and None in values.values()):
            self._find("unknown-enum-value", place, f"{name} has no {value!r:.100}")

    def _any(self, schema: Surface, member: Member, value: Any, place: str) -> None:
        if not isinstance(value, dict):
            self._find("wrong-type", place, f"{value!r:.100} is not an object")
            return
        if self._partial and _TYPE not in value:
            return  # the mask excludes the type, and without it the members are unknown
        type_url = value.get(_TYPE)
        payload = schema.payload(type_url) if isinstance(type_url, str) else None
        if payload is None:
            problem = f"the type {type_url!r:.200} is unknown" if _TYPE in value else f"{_TYPE!r} is missing"
            self._find("any-type", place, problem)
            return
        if next(iter(value)) != _TYPE:
            self._find("any-type", place, f"{_TYPE!r} is not the first member")
        if member.allowed is not None and payload[1].name not in member.allowed:
            self._find("any-type", place, f"the type {type_url!r} is not allowed here")
        self.message(*payload, value, place, skip=_TYPE)

    def _is_zero(self, schema: Surface, type_: Type, value: Any) -> bool:
        if type_.kind == "enum" and isinstance(value, str):
            # In proto3 the first value is the zero, even if the numbers are unknown.
            return next(iter(schema.enums[type_.name])) == value
        if type_.kind == "string":
            return not value
        return is_zero(value)

    def _find(self, kind: Kind, place: str, problem: str) -> None:
        self.findings.append(SchemaViolation(kind, place, problem))
