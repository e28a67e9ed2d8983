"""Parses the field mask of an update request (google.protobuf.FieldMask)."""

from __future__ import annotations

from .status import Violation, bad_request
from .surface import Message, Surface


def update_paths(mask: str, message: Message, surface: Surface, where: str) -> list[str]:
    """Return the paths of an update mask as proto names, in the order of the mask.

    A mask is a list of paths with commas between them, in camelCase or snake_case; ``*`` means every member. Raise
    StatusError for a path that *message* does not have; the error names the request field *where*. The wording of the
    error is invented, because no source shows one.
    """
    if mask.strip() == "*":
        return [field.name for field in message.fields]
    return [_proto_path(path.strip(), message, surface, where) for path in mask.split(",") if path.strip()]


def _proto_path(path: str, message: Message, surface: Surface, where: str) -> str:
    names = []
    current: Message | None = message
    for part in path.split("."):
        field = current.by_name.get(part) if current else None
        if field is None:
            description = f"Invalid value at '{where}' (type.googleapis.com/google.protobuf.FieldMask), \"{path}\""
            raise bad_request([Violation(where, description)])
        names.append(field.name)
        current = surface.message_or_none(field.type)
    return ".".join(names)
