"""Defines the access and refresh tokens that the server issues.

Each token contains its own caller and scopes, so the server needs no storage for tokens.
"""

from __future__ import annotations

import msgspec

from ..world_names import without_world
from . import signing

LIFETIME = 3600  # seconds; Google's access tokens live an hour

_ACCESS = "access"
_REFRESH = "refresh"


class AccessGrant(msgspec.Struct, frozen=True):
    """The content of an access token: the caller, the scopes, and the second of the world's clock at which it expires.

    ``id`` identifies the token for its revocation. ``parent`` is the id of the refresh token that it came from, or
    empty.
    """

    email: str
    scopes: tuple[str, ...]
    expires: int
    id: str
    parent: str = ""

    def token(self) -> str:
        """Return the token."""
        return signing.sign(_ACCESS, [self.email, " ".join(self.scopes), self.expires, self.id, self.parent])


class RefreshGrant(msgspec.Struct, frozen=True):
    """The content of a refresh token: the caller and the scopes of its access tokens. It does not expire."""

    email: str
    scopes: tuple[str, ...]
    id: str

    def token(self) -> str:
        """Return the token."""
        return signing.sign(_REFRESH, [self.email, " ".join(self.scopes), self.id])


def read_access(token: str) -> AccessGrant | None:
    """Return the content of the access *token*, or None for any other text. Ignores a world's prefix."""
    content = signing.unsign(_ACCESS, without_world(token))
    if content is None:
        return None
    email, scopes, expires, grant_id, parent = content
    return AccessGrant(email, tuple(scopes.split()), expires, grant_id, parent)


def read_refresh(token: str) -> RefreshGrant | None:
    """Return the content of the refresh *token*, or None for any other text. Ignores a world's prefix."""
    content = signing.unsign(_REFRESH, without_world(token))
    if content is None:
        return None
    email, scopes, grant_id = content
    return RefreshGrant(email, tuple(scopes.split()), grant_id)
