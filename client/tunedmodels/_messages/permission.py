"""The permission: somebody's right to a tuned model."""

from __future__ import annotations

from dataclasses import dataclass

from .message import Message
from .open_enum import OpenEnum


class GranteeType(OpenEnum):
    """Who is granted a role."""

    GRANTEE_TYPE_UNSPECIFIED = "GRANTEE_TYPE_UNSPECIFIED"
    USER = "USER"
    GROUP = "GROUP"
    EVERYONE = "EVERYONE"


class Role(OpenEnum):
    """What a grantee may do: a reader use, a writer also change and share, an owner also delete and hand on."""

    ROLE_UNSPECIFIED = "ROLE_UNSPECIFIED"
    OWNER = "OWNER"
    WRITER = "WRITER"
    READER = "READER"


@dataclass(frozen=True, kw_only=True)
class Permission(Message):
    """A role that somebody has for a tuned model."""

    #: The name, ``tunedModels/{id}/permissions/{id}``.
    name: str = ""
    #: The kind of grantee.
    grantee_type: GranteeType | None = None
    #: The address of a user or a group; None for everyone.
    email_address: str | None = None
    #: The role.
    role: Role | None = None
