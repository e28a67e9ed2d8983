"""Grants: the access and refresh tokens that the fake makes, which say themselves what they grant, and to whom."""

from __future__ import annotations

from dataclasses import dataclass

from ..world_names import without_world
from . import signing

LIFETIME = 3600  # seconds; Google's access tokens live an hour

_ACCESS = "access"
_REFRESH = "refresh"


@dataclass(frozen=True, slots=True)
class AccessGrant:
    """What an access token says: who calls, for what, until which second of its world's clock.

    ``id`` is by which it is revoked, ``parent`` the id of the refresh token that it came from, or empty.
    """

    email: str
    scopes: tuple[str, ...]
    expires: int
    id: str
    parent: str = ""

    def token(self) -> str:
        """Return the token."""
        return signing.sign(_ACCESS, [self.email, " ".join(self.scopes), self.expires, self.id, self.parent])


@dataclass(frozen=True, slots=True)
class RefreshGrant:
    """What a refresh token says: for whom and for what access tokens are to be had. It does not expire."""

    email: str
    scopes: tuple[str, ...]
    id: str

    def token(self) -> str:
        """Return the token."""
        return signing.sign(_REFRESH, [self.email, " ".join(self.scopes), self.id])


def read_access(token: str) -> AccessGrant | None:
    """Return what the access *token* says; None for any other text. A world before it does not count."""
    content = signing.unsign(_ACCESS, without_world(token))
    if content is None:
        return None
    email, scopes, expires, grant_id, parent = content
    return AccessGrant(email, tuple(scopes.split()), expires, grant_id, parent)


def read_refresh(token: str) -> RefreshGrant | None:
    """Return what the refresh *token* says; None for any other text. A world before it does not count."""
    content = signing.unsign(_REFRESH, without_world(token))
    if content is None:
        return None
    email, scopes, grant_id = content
    return RefreshGrant(email, tuple(scopes.split()), grant_id)
