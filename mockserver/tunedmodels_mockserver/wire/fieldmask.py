"""Field masks: which members an update names (google.protobuf.FieldMask)."""

from __future__ import annotations

from .status import Violation, bad_request
from .surface import Message, Surface


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
        current = on.inner(field.type)
    return ".".join(names)
