"""Field masks: which members an update names, and which of an answer a caller wants to see."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .status import Code, StatusError, Violation, bad_request
from .surface import SCALARS, WELL_KNOWN, Message, Surface, camel

_MAX_MASK = 10_000
_WORD = re.compile(r"[\w@*.$-]+")
_FREE_FORM = frozenset(f"{WELL_KNOWN}{name}" for name in ("Any", "Struct", "Value"))  # their members are not known


def update_paths(mask: str, message: Message, on: Surface, where: str) -> list[str]:
    """Return the paths of an update mask as proto names, in the order given.

    A mask is a comma list in camelCase or snake_case; ``*`` stands for every member. Raises StatusError for a
    path that *message* has not (the wording is invented: no source shows one).
    """
    if mask.strip() == "*":
        return [field.name for field in message.fields]
    return [_proto_path(path.strip(), message, on, where) for path in mask.split(",") if path.strip()]


def _proto_path(path: str, message: Message, on: Surface, where: str) -> str:
    names = []
    current: Message | None = message
    for part in path.split("."):
        field = current.by_name.get(part) if current else None
        if field is None:
            description = f"Invalid value at '{where}' (type.googleapis.com/google.protobuf.FieldMask), \"{path}\""
            raise bad_request([Violation(where, description)])
        names.append(field.name)
        current = _inner(field.type, on)
    return ".".join(names)


Tree = Mapping[str, "Tree"]


def response_tree(mask: str) -> Tree:
    """Return the tree that a ``fields`` parameter asks for: ``a,b(c,d),e/f`` (system parameters).

    Raises StatusError where the text is no such mask.
    """
    root: dict[str, Any] = {}
    stack = [[root]]  # for each open bracket the subtrees that its members go into
    tips = [root]
    for token in _tokens(mask):
        if token == ",":
            tips = stack[-1]
        elif token == "/":
            continue
        elif token == "(":
            stack.append(tips)
        elif token == ")":
            if len(stack) == 1:
                raise _unknown_mask(mask, mask)
            tips = stack.pop()
        else:
            for name in token.split("."):
                tips = [tip.setdefault(name, {}) for tip in tips]
    if len(stack) != 1:
        raise _unknown_mask(mask, mask)
    return root


def check_response_tree(tree: Tree, message: Message, on: Surface, mask: str, above: str = "") -> None:
    """Raise StatusError where *tree* names a member that *message*, which stands at the path *above*, has not.

    Source: the wording is the front end's, seen on Sheets, Docs, Places and Photos.
    """
    for name, inner in tree.items():
        if name in ("*", "@type"):
            continue
        field = message.by_name.get(name)
        if field is None:
            raise _unknown_mask(mask, above + name)
        kind = field.map_of or field.type
        below = _inner(kind, on)
        if below is not None:
            check_response_tree(inner, below, on, mask, f"{above}{name}.")
        elif inner and kind not in _FREE_FORM:
            raise _unknown_mask(mask, f"{above}{name}.{next(iter(inner))}")


def partial(value: Any, tree: Tree) -> Any:
    """Return the members of plain JSON *value* that *tree* names; lists are gone through."""
    if not tree or "*" in tree:
        return value
    if isinstance(value, list):
        return [partial(item, tree) for item in value]
    if not isinstance(value, dict):
        return value
    wanted = {camel(name): inner for name, inner in tree.items()}
    return {name: partial(item, wanted[name]) for name, item in value.items() if name in wanted}


def _tokens(mask: str) -> list[str]:
    if len(mask) > _MAX_MASK or mask.count("(") > 100:
        raise _unknown_mask(mask[:100], mask[:100])
    tokens = re.findall(r"[,/()]|[^,/()\s]+", mask)
    for token in tokens:
        if token not in ",/()" and not _WORD.fullmatch(token):
            raise _unknown_mask(mask, token)
    return tokens


def _inner(kind: str, on: Surface) -> Message | None:
    """Return the message called *kind*; None for what has no members of its own, or none that are known."""
    if kind in SCALARS or kind.startswith(WELL_KNOWN) or on.is_enum(kind):
        return None
    return on.message(kind)


def _unknown_mask(mask: str, path: str) -> StatusError:
    description = f"Error expanding 'fields' parameter. Cannot find matching fields for path '{path}'."
    refusal = bad_request([Violation(mask, description)])
    return StatusError(Code.INVALID_ARGUMENT, "Request contains an invalid argument.", *refusal.status.details)
