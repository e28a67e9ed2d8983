"""Reads the request message of a method from the path, the query and the body, by the facts of a version."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..core.methods.allowances import Allowances
from ..wire.protojson.reading import Reader
from ..wire.status import StatusError
from ..wire.surface import Method, Surface, surface_of

Pairs = Sequence[tuple[str, str]]


def read_message(
    method: Method, version: str, name: str, pairs: Pairs, body: Callable[[], bytes], allowances: Allowances
) -> dict[str, Any]:
    """Return the request message of *method*, read by the facts of *version*.

    *name* is the resource name in the path. *body* reads the body, which only some methods have. If the facts of v1
    refuse a request for tuned models, those of v1beta are tried (allowance ``v1-members``). Raise the StatusError of
    the first try if both refuse.
    """
    try:
        return _read(method, surface_of(version), name, pairs, body)
    except StatusError as first_error:
        if allowances.strict or version != "v1" or not method.id.startswith("tunedModels."):
            raise
        try:
            value = _read(method, surface_of("v1beta"), name, pairs, body)
        except StatusError:
            raise first_error from None
        allowances.permit("v1-members")
        return value


def with_name(message: dict[str, Any], method: Method, name: str) -> dict[str, Any]:
    """Return *message* with the resource *name* in the member that *method* binds to its path, if it binds one."""
    if method.path_field:
        *parents, last = method.path_field.split(".")
        value = message
        for parent in parents:
            inner = value.get(parent)
            value[parent] = value = dict(inner) if isinstance(inner, Mapping) else {}
        value[last] = name
    return message


def _read(method: Method, surface: Surface, name: str, pairs: Pairs, body: Callable[[], bytes]) -> dict[str, Any]:
    if not method.body and not pairs:
        return with_name({}, method, name)
    message = surface.message(method.request)
    reader = Reader(surface)
    value: dict[str, Any] = {}
    if method.body == "*":
        value = reader.read_body(body(), message)
    elif method.body:
        member = surface.message(message.by_name[method.body].type)
        value[method.body] = reader.read_body(body(), member, method.body)
    value.update(reader.read_query(pairs, message, method.body))
    reader.raise_violations()
    return with_name(value, method, name)
