"""Parses the filter of a list of tuned models (ListTunedModelsRequest.filter)."""

from __future__ import annotations

import re
from collections.abc import Callable

from .. import errors
from ..callers.identity import Caller
from ..state.records import Role, TunedModelRecord
from . import access

_PARTS = re.compile(
    r'(?<!\S)(?:displayName|display_name) ?= ?"(?P<display_name>[^"]*)"|"(?P<phrase>[^"]*)"|(?P<word>\S+)'
)


def parse(text: str, caller: Caller) -> Callable[[TunedModelRecord], bool]:
    """Return a predicate on records for the filter *text*, as *caller* means it.

    Words and quoted phrases match in display name and description and ignore case. ``displayName="x"`` matches the
    whole display name. The operators are the documented ones. All parts must match. Models that the caller may read
    only because everyone may are left out, unless the filter asks for them. Raise StatusError for an unknown operand.
    """
    predicates: list[Callable[[TunedModelRecord], bool]] = []
    personal = True
    for part in _PARTS.finditer(text):
        if part["display_name"] is not None:
            predicates.append(_is_called(part["display_name"]))
            continue
        word = part["word"] or ""
        operator, colon, value = word.partition(":")
        if colon and operator in ("owner", "writers", "readers"):
            if (operator, value) == ("readers", "everyone"):
                personal = False
                predicates.append(access.is_shared_with_everyone)
            elif value == "me":
                required = {"owner": Role.OWNER, "writers": Role.WRITER, "readers": Role.READER}[operator]
                predicates.append(_has_role(caller, required))
            else:
                raise errors.invalid("ListTunedModelsRequest", "filter", f"unknown operand in `{word}`")
        else:
            predicates.append(_mentions((part["phrase"] or word).casefold()))
    if personal:
        predicates.insert(0, _has_role(caller, Role.READER))
    if len(predicates) == 1:
        return predicates[0]
    return lambda record: all(test(record) for test in predicates)


def _has_role(caller: Caller, required: Role) -> Callable[[TunedModelRecord], bool]:
    def test(record: TunedModelRecord) -> bool:
        caller_role = access.personal_role(record, caller)
        return caller_role is not None and caller_role <= required

    return test


def _is_called(name: str) -> Callable[[TunedModelRecord], bool]:
    return lambda record: record.display_name == name


def _mentions(words: str) -> Callable[[TunedModelRecord], bool]:
    return lambda record: words in f"{record.display_name}\n{record.description}".casefold()
