"""Compares two JSON values. Numbers are compared in their written form."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from .identities import Identities, time_form
from .phases import phase_of
from .server_difference import Kind, Severity

ValueDifference = tuple[Kind, Severity, str, str]  # with the path, and a description of the difference

# Clients branch on these members. Other values of other members are only visible.
_BRANCH_MEMBERS = frozenset(("@type", "code", "done", "finishReason", "granteeType", "name", "role", "state", "status"))
_TEXT_MEMBERS = frozenset(("message", "description", "displayName", "text"))
_RANDOM = frozenset(("meanLoss",))
# The members of an ended run. In a list of many, a run need not have ended on both servers at once.
_FINAL_MEMBERS = frozenset(("state", "done", "response", "error", "completeTime"))
_BOTH_PHASES = {"running", "ended"}
_CANCELLED = "1"  # google/rpc/code.proto
# The progress of a run at a poll. Two servers need not agree on it, nor on which of these members are there.
_PROGRESS_MEMBERS = frozenset(("completedSteps", "completedPercent", "snapshots", "startTime"))


class Number(str):
    """A JSON number in its written form."""

    __slots__ = ()


def parse_json(text: str) -> Any:
    """Return *text* as JSON with numbers in their written form. Raise ValueError if it is not JSON."""
    return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=Number)


class Values:
    """Compares values of two servers, with the placeholders of each."""

    def __init__(self, first: Identities, second: Identities) -> None:
        self._first = first
        self._second = second
        self._running = False
        self._ending = False

    def differences(self, one: Any, other: Any, path: str = "$", name: str = "") -> Iterator[ValueDifference]:
        """Yield the differences between *one*, of the first server, and *other*. *name* is their member."""
        if isinstance(one, dict) and isinstance(other, dict):
            before = self._running, self._ending
            self._running = self._running or (
                _is_unfinished(one, self._first.cancelled) and _is_unfinished(other, self._second.cancelled)
            )
            self._ending = self._ending or (path.endswith("]") and {phase_of(one), phase_of(other)} == _BOTH_PHASES)
            yield from self._object_differences(one, other, path)
            self._running, self._ending = before
        elif isinstance(one, list) and isinstance(other, list):
            if len(one) != len(other) and not self._may_differ(name):
                yield "length", "breaks-clients", path, f"{len(one)} entries, {len(other)} in the other"
            for place, (left, right) in enumerate(zip(one, other, strict=False)):
                yield from self.differences(left, right, f"{path}[{place}]", name)
        elif _type(one) != _type(other):
            yield "type", "breaks-clients", path, f"{_shorten(one)} is {_type(one)}, {_shorten(other)} {_type(other)}"
        elif isinstance(one, Number):
            if not self._may_differ(name):
                yield from _number_differences(one, other, path, name)
        elif isinstance(one, str):
            yield from self._text_differences(one, other, path, name)
        elif one != other:
            yield "value", "breaks-clients", path, f"{_shorten(one)}, {_shorten(other)} in the other"

    def _object_differences(
        self, one: Mapping[str, Any], other: Mapping[str, Any], path: str
    ) -> Iterator[ValueDifference]:
        for name in dict.fromkeys([*one, *other]):
            inner = f"{path}.{name}"
            if self._ending and name in _FINAL_MEMBERS:
                continue
            if name in one and name in other:
                yield from self.differences(one[name], other[name], inner, name)
            elif self._may_differ(name) and not _empty(one.get(name, other.get(name))):
                continue
            elif _empty(one.get(name, other.get(name))):
                omitter, writer = ("second", "first") if name in one else ("first", "second")
                yield "zero", "visible", inner, f"a zero that the {writer} server writes and the {omitter} server omits"
            elif name in one:
                yield "missing-member", "breaks-clients", inner, f"{_shorten(one[name])}, missing in the other"
            else:
                yield "extra-member", "visible", inner, f"{_shorten(other[name])}, only in the other"
        shared = [name for name in one if name in other]
        if shared != [name for name in other if name in one]:
            order = ", ".join(name for name in other if name in one)
            yield "order", "cosmetic", path, f"{', '.join(shared)}; in the other {order}"

    def _may_differ(self, name: str) -> bool:
        """Return whether the member *name* shows progress of a run that has another progress on the other server."""
        return name in _PROGRESS_MEMBERS and (self._running or self._ending)

    def _text_differences(self, one: str, other: str, path: str, name: str) -> Iterator[ValueDifference]:
        left, right = self._first.normalize_member(name, one), self._second.normalize_member(name, other)
        if left == right:
            return
        texts = f"{_shorten(left)}, {_shorten(right)} in the other"
        if time_form(left) or time_form(right):
            # RFC 3339 requires a zone and a T. Another number of digits is still readable.
            readable = all(time_form(side) and "without" not in side and "apart" not in side for side in (left, right))
            yield "time-form", "cosmetic" if readable else "breaks-clients", path, texts
        elif name in _TEXT_MEMBERS:
            yield "wording", "visible", path, texts
        else:
            yield "value", "breaks-clients" if name in _BRANCH_MEMBERS else "visible", path, texts


def _number_differences(one: Number, other: Number, path: str, name: str) -> Iterator[ValueDifference]:
    if one == other:
        return
    if name in _RANDOM:
        if _digits(one) > 9 or _digits(other) > 9:
            yield (
                "number-form",
                "cosmetic",
                path,
                f"{one}, {other} in the other: one has more digits than a 32-bit float",
            )
    elif abs(float(one) - float(other)) <= 1e-6 * abs(float(one)):
        yield "number-form", "cosmetic", path, f"{one}, {other} in the other"
    else:
        severity: Severity = "breaks-clients" if name in _BRANCH_MEMBERS else "visible"
        yield "value", severity, path, f"{one}, {other} in the other"


def _is_unfinished(value: Mapping[str, Any], cancelled: set[str]) -> bool:
    """Return whether *value* is a run or a model with partial progress, which the other server need not share."""
    if phase_of(value) == "running" or value.get("name") in cancelled:
        return True
    is_cancelled = isinstance(value.get("error"), dict) and value["error"].get("code") == _CANCELLED
    if is_cancelled and "metadata" in value:
        cancelled.add(str(value["metadata"].get("tunedModel")))
        return True
    return False


def _digits(number: str) -> int:
    return len(number.partition("e")[0].replace(".", "").replace("-", "").strip("0"))


def _empty(value: Any) -> bool:
    return value in ("", [], {}, None, False) or (isinstance(value, Number) and float(value) == 0)


def _type(value: Any) -> str:
    names = {Number: "a number", str: "a text", bool: "a truth value", dict: "an object", list: "a list"}
    return names.get(type(value), "null")


def _shorten(value: Any) -> str:
    text = str(value) if isinstance(value, Number) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else f"{text[:99]}…"
