"""Service accounts: keys that certify themselves, and what is signed with them.

The id of such a key, which a JWT's header carries as ``kid``, holds the key's public half and its e-mail address
under a seal. So no fake has to be told of a key, and signatures are checked all the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from . import seals
from .jwt import Jwt

PROJECT = "tunedmodels-fake"
"""The project in which everything of the fake's own making is."""

EXPONENT = 65537
LONGEST = 3600  # seconds that a signed JWT may last, Google's own limit
# The machine's clock judges what the machine's clock stamped: google-auth knows no other. Client and fake mostly
# are neighbours, so this leaves room for a container that lags, and no more.
SKEW = 10

_KEY = "key"
_FAR = 1e12  # seconds, beyond which nobody means a date


@dataclass(frozen=True, slots=True)
class Key:
    """The public half of a service account's key."""

    email: str
    modulus: int

    def id(self) -> str:
        """Return the id under which every fake knows it."""
        return seals.seal(_KEY, [self.email, f"{self.modulus:x}"])


def key(key_id: object) -> Key | None:
    """Return the key that *key_id* describes; None for one that is not the fake's."""
    content = seals.unseal(_KEY, key_id) if isinstance(key_id, str) else None
    return Key(content[0], int(content[1], 16)) if content else None


def signer(jwt: Jwt) -> str | None:
    """Return whose key signed *jwt*; None where none of ours did, or where it says that somebody else issued it."""
    # cryptography takes longer to import than the rest of the fake, and few fakes need it.
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
    from google.auth.crypt import RSAVerifier

    ours = key(jwt.header.get("kid"))
    if ours is None or jwt.header.get("alg") != "RS256":
        return None
    public = RSAPublicNumbers(EXPONENT, ours.modulus).public_key()
    if not RSAVerifier(public).verify(jwt.signed, jwt.signature) or jwt.claims.get("iss") != ours.email:
        return None
    return ours.email


def is_timely(claims: Mapping[str, Any], now: float) -> bool:
    """Whether *claims* are valid at the second *now*, and for an hour at most."""
    issued, expires = _second(claims.get("iat")), _second(claims.get("exp"))
    if issued is None or expires is None:
        return False
    return issued <= now + SKEW and now - SKEW < expires and expires - issued <= LONGEST


def is_for(claims: Mapping[str, Any], audiences: Collection[str]) -> bool:
    """Whether *claims* are meant for one of *audiences*."""
    audience = claims.get("aud")
    return isinstance(audience, str) and audience in audiences


def _second(value: Any) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not -_FAR < value < _FAR:
        return None
    return float(value)
