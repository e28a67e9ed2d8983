"""Service accounts: the key that all of them have, and what is signed with it.

The key stands here, so every fake can check a signature and needs no list of accounts. The id of a key, which a JWT's
header carries as ``kid``, holds the key's public half and its e-mail address under a seal. Google's library for Ruby
sends no id; then the issuer names the account.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from . import signing
from .identity import ADDRESS
from .jwt import Jwt

PROJECT = "tunedmodels-fake"
"""The project in which everything of the fake's own making is."""

EXPONENT = 65537
PRIMES = tuple(
    int(digits, 16)
    for digits in (
        (
            "f329ca5e3287cd6b9f49f4e9fab85f5564ccca1b504a42fdc5e07edcd7f99a74388c97b1c6429cf1db661392f137acae"
            "c1606f42b95c0d2d26caa2be2ebcd0ed8fec32932e583756ec9554d370ef26510766550ab045a4c8db1e3b75ce777957"
            "5f44b5be3c9e22a7e71f6480533a174595412ba4fae45b32cf7bc9b526e918f5"
        ),
        (
            "e4980acd769ba0d19b7d0aa17ac3e4cb6f4306a83acfa10443f39c1dad3a09907aeda8fd79f9691c6e2d70ac3d881bd6"
            "23eec4235c9ac05dd851cfd3c072115aba5aeb3ffeafd198c215829b580a7d496fb74afe921592360983009aa79c5b51"
            "40c5c3005dd0dc55ba5f94d1be576183fe4d07113564dc28ec1b98d03d64923d"
        ),
    )
)
"""The private half of the key. It is no secret, as nothing of a fake is."""

LONGEST = 3600  # seconds from now in which a signed JWT must expire, Google's own limit
# Google's libraries for PHP and Ruby stamp a JWT so many seconds before they sign it, for clocks that lag. That the
# service takes these is inferred: it is what the libraries do by default.
BACKDATED = 60
# The machine's clock judges what the machine's clock stamped: google-auth knows no other. Client and fake mostly
# are neighbours, so this leaves room for a container that lags, and no more.
SKEW = 10

_KEY = "key"
_FAR = 1e12  # seconds, beyond which nobody means a date


@dataclass(frozen=True, slots=True)
class Key:
    """The public half of a service account's key."""

    email: str
    modulus: int = math.prod(PRIMES)

    def id(self) -> str:
        """Return the id under which every fake knows it."""
        return signing.sign(_KEY, [self.email, f"{self.modulus:x}"])


def key(key_id: object) -> Key | None:
    """Return the key that *key_id* describes; None for one that is not the fake's."""
    content = signing.unsign(_KEY, key_id) if isinstance(key_id, str) else None
    return Key(content[0], int(content[1], 16)) if content else None


def signer(jwt: Jwt) -> str | None:
    """Return whose key signed *jwt*; None where none of ours did, or where it says that somebody else issued it."""
    # cryptography takes longer to import than the rest of the fake, and few fakes need it.
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
    from google.auth.crypt import RSAVerifier

    issuer = jwt.claims.get("iss")
    if not isinstance(issuer, str) or not ADDRESS.fullmatch(issuer):
        return None
    ours = key(jwt.header["kid"]) if "kid" in jwt.header else Key(issuer)
    if ours is None or ours.email != issuer or jwt.header.get("alg") != "RS256":
        return None
    public = RSAPublicNumbers(EXPONENT, ours.modulus).public_key()
    return ours.email if RSAVerifier(public).verify(jwt.signed, jwt.signature) else None


def is_timely(claims: Mapping[str, Any], now: float) -> bool:
    """Whether *claims* are valid at the second *now*, and for an hour from then at most."""
    issued, expires = _second(claims.get("iat")), _second(claims.get("exp"))
    if issued is None or expires is None:
        return False
    begun = issued <= now + SKEW
    return begun and now - SKEW < expires <= now + LONGEST + SKEW and expires - issued <= LONGEST + BACKDATED


def is_for(claims: Mapping[str, Any], audiences: Collection[str]) -> bool:
    """Whether *claims* are meant for one of *audiences*."""
    audience = claims.get("aud")
    return isinstance(audience, str) and audience in audiences


def _second(value: Any) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not -_FAR < value < _FAR:
        return None
    return float(value)
