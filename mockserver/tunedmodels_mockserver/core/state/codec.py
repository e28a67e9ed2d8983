"""Encodes the values of a world as JSON and decodes them, whatever their members.

The JSON has only the digest of training examples, so that they can be written once. The caller writes the examples
themselves. Equal values give equal bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from ..strict_input import BadInput, nearest
from .records import Examples

T = TypeVar("T")


def encode(value: Any, on_examples: Callable[[Examples], object]) -> bytes:
    """Return *value* as JSON, and call *on_examples* with each set of training examples in it."""

    def hook(part: Any) -> str:
        if not isinstance(part, Examples):
            raise TypeError(f"{type(part).__name__} has no form in JSON")
        on_examples(part)
        return part.digest

    return msgspec.json.encode(value, enc_hook=hook, order="deterministic")


def decode(data: bytes | str, kind: type[T], find_examples: Callable[[str], Examples]) -> T:
    """Return the JSON text *data* as a *kind*. *find_examples* returns those of a digest, or raises ValueError.

    Raises msgspec.ValidationError if the JSON does not fit.
    """

    def hook(expected: type[Any], part: Any) -> Any:
        if expected is not Examples or not isinstance(part, str):
            raise TypeError(f"{part!r} is not a valid {expected.__name__}")
        return find_examples(part)

    return msgspec.json.decode(data, type=kind, dec_hook=hook)


def refuse_unknown(value: Any, kind: Any) -> None:
    """Raise BadInput if the plain *value* has, at any depth, a member that a *kind* does not have."""
    for place, name, known in _unknown(value, inspect.type_info(kind), "$"):
        raise BadInput(f"There is no member {name!r} at `{place}`{nearest(name, known)}.")


def _unknown(value: Any, info: inspect.Type, place: str) -> Iterator[tuple[str, str, list[str]]]:
    if isinstance(info, inspect.UnionType):
        matching = [inner for inner in info.types if _matches(inner, value)]
        if len(matching) == 1:
            yield from _unknown(value, matching[0], place)
    elif isinstance(value, dict) and isinstance(info, inspect.DictType):
        for name, part in value.items():
            yield from _unknown(part, info.value_type, f"{place}.{name}")
    elif isinstance(value, dict) and isinstance(info, (inspect.DataclassType, inspect.StructType)):
        fields = {field.encode_name: field.type for field in info.fields}
        for name, part in value.items():
            if name not in fields:
                yield place, name, list(fields)
            else:
                yield from _unknown(part, fields[name], f"{place}.{name}")
    elif isinstance(value, list) and isinstance(info, inspect.TupleType):
        for number, (part, inner) in enumerate(zip(value, info.item_types, strict=False)):
            yield from _unknown(part, inner, f"{place}[{number}]")
    elif isinstance(value, list) and isinstance(info, inspect.CollectionType):
        for number, part in enumerate(value):
            yield from _unknown(part, info.item_type, f"{place}[{number}]")


def _matches(info: inspect.Type, value: Any) -> bool:
    if isinstance(value, dict):
        return isinstance(info, (inspect.DictType, inspect.DataclassType, inspect.StructType))
    return isinstance(value, list) and isinstance(info, (inspect.TupleType, inspect.CollectionType))
