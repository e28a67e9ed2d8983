"""Reduces an answer to the members that the system parameter ``fields`` names (partial responses)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .status import Code, StatusError, Violation, bad_request
from .surface import WELL_KNOWN, Message, Surface, camel

Tree = Mapping[str, "Tree"]
_Path = tuple[str, ...]

_MAX_MASK = 10_000
_WORD = re.compile(r"[\w@*.$-]+")
_FREE_FORM = frozenset(f"{WELL_KNOWN}{name}" for name in ("Any", "Struct", "Value"))  # their members are unknown


def parse_mask(mask: str, message: Message, surface: Surface) -> Tree:
    """Return the tree of the members of *message* that *mask* names, such as ``a,b(c,d),e/f``. An empty tree means all.

    Raise StatusError if *mask* is malformed, or names a member that *message* does not have. The wording is the one of
    Google's front end (observed on Sheets, Docs, Places and Photos).
    """
    if not mask:
        return {}
    paths = _paths(mask)
    for path in paths:
        _check(path, message, surface, mask)
    root: dict[str, Any] = {}
    for path in sorted(paths, key=len):  # short paths first: after a whole member, its parts add nothing
        node = root
        for place, name in enumerate(map(camel, path)):
            if name not in node:
                node[name] = {}
            elif not node[name] or place == len(path) - 1:
                break
            node = node[name]
    return root


def partial(value: Any, tree: Tree) -> Any:
    """Return the members of *value*, plain JSON, that *tree* names. In a list this applies to each item."""
    if not tree or "*" in tree:
        return value
    if isinstance(value, list):
        return [partial(item, tree) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: partial(item, tree[name]) for name, item in value.items() if name in tree}


def _check(path: _Path, message: Message, surface: Surface, mask: str) -> None:
    below: Message | None = message
    for place, name in enumerate(path):
        if name in ("*", "@type"):
            return
        field = below.by_name.get(name) if below else None
        if field is None:
            raise _unknown(mask, ".".join(path[: place + 1]))
        kind = field.map_of or field.type
        if kind in _FREE_FORM:
            return
        below = surface.message_or_none(kind)


def _paths(mask: str) -> list[_Path]:
    """Return the paths in *mask*, in the spelling of *mask*."""
    paths = []
    prefixes: list[_Path] = [()]
    path: _Path | None = ()  # None after ")": only "," or another bracket may follow
    for token in [*_tokens(mask), ","]:
        if token == "(":
            prefixes.append(path or ())
        elif token in (",", ")"):
            if path and path != prefixes[-1]:
                paths.append(path)
            if token == ",":
                path = prefixes[-1]
            elif len(prefixes) == 1:
                raise _unknown(mask, mask)
            else:
                prefixes.pop()
                path = None
        elif token != "/":
            if path is None:
                raise _unknown(mask, token)
            path = (*path, *token.split("."))
    if len(prefixes) != 1 or (mask and not paths):
        raise _unknown(mask, mask)
    return paths


def _tokens(mask: str) -> list[str]:
    if len(mask) > _MAX_MASK or mask.count("(") > 100:
        raise _unknown(mask[:100], mask[:100])
    tokens = re.findall(r"[,/()]|[^,/()]+", mask)
    for token in tokens:
        if token not in ",/()" and not _WORD.fullmatch(token.strip()):
            raise _unknown(mask, token)
    return [token.strip() for token in tokens]


def _unknown(mask: str, path: str) -> StatusError:
    description = f"Error expanding 'fields' parameter. Cannot find matching fields for path '{path}'."
    refusal = bad_request([Violation(mask, description)])
    return StatusError(Code.INVALID_ARGUMENT, "Request contains an invalid argument.", *refusal.status.details)
