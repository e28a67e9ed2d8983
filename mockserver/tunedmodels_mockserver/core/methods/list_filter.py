"""Filters: the language in which a list of tuned models says which it wants (ListTunedModelsRequest.filter)."""

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
    """Return the test that the filter *text* asks of a record, for *caller*.

    Words and quoted phrases are looked for in display name and description, in any case; ``displayName="x"`` is the
    whole display name; the operators are the documented ones. All parts must hold. Models that only everyone may
    read are left out unless asked for. Raises StatusError for an unknown operand.
    """
    tests: list[Callable[[TunedModelRecord], bool]] = []
    personal = True
    for part in _PARTS.finditer(text):
        if part["display_name"] is not None:
            tests.append(_is_called(part["display_name"]))
            continue
        word = part["word"] or ""
        operator, colon, value = word.partition(":")
        if colon and operator in ("owner", "writers", "readers"):
            if (operator, value) == ("readers", "everyone"):
                personal = False
                tests.append(access.shared_with_everyone)
            elif value == "me":
                least = {"owner": Role.OWNER, "writers": Role.WRITER, "readers": Role.READER}[operator]
                tests.append(_has_role(caller, least))
            else:
                raise errors.invalid("ListTunedModelsRequest", "filter", f"unknown operand in `{word}`")
        else:
            tests.append(_mentions((part["phrase"] or word).casefold()))
    if personal:
        tests.insert(0, _has_role(caller, Role.READER))
    return lambda record: all(test(record) for test in tests)


def _has_role(caller: Caller, least: Role) -> Callable[[TunedModelRecord], bool]:
    def test(record: TunedModelRecord) -> bool:
        held = access.personal_role(record, caller)
        return held is not None and held <= least

    return test


def _is_called(name: str) -> Callable[[TunedModelRecord], bool]:
    return lambda record: record.display_name == name


def _mentions(words: str) -> Callable[[TunedModelRecord], bool]:
    return lambda record: words in f"{record.display_name}\n{record.description}".casefold()
