"""Contains the message of a permission, the right of a user or a group to a tuned model."""

from __future__ import annotations

from dataclasses import dataclass

from .message import Message
from .open_enum import OpenEnum


class GranteeType(OpenEnum):
    """The kind of grantee, to whom a permission gives a role."""

    GRANTEE_TYPE_UNSPECIFIED = "GRANTEE_TYPE_UNSPECIFIED"
    USER = "USER"
    GROUP = "GROUP"
    EVERYONE = "EVERYONE"


class Role(OpenEnum):
    """The rights of a grantee.

    A reader may use the model, a writer may also change and share it, and an owner may also delete and transfer it.
    """

    ROLE_UNSPECIFIED = "ROLE_UNSPECIFIED"
    OWNER = "OWNER"
    WRITER = "WRITER"
    READER = "READER"


@dataclass(frozen=True, kw_only=True)
class Permission(Message):
    """A role of a grantee for a tuned model."""

    #: The name, ``tunedModels/{id}/permissions/{id}``.
    name: str = ""
    #: The kind of grantee.
    grantee_type: GranteeType | None = None
    #: The email address of a user or a group, or None for everyone.
    email_address: str | None = None
    #: The role.
    role: Role | None = None
