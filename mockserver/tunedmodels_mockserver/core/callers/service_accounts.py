"""Defines the key of the fake service accounts, and verifies JWTs that it signed.

All service accounts share this key, so every mock server can check a signature without a list of accounts. The id of a
key, the ``kid`` in a JWT's header, contains the public half of the key and the e-mail address, both signed. Google's
library for Ruby sends no id; then the issuer names the account.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from . import signing
from .identity import ADDRESS
from .jwt import Jwt

PROJECT = "tunedmodels-fake"
"""The project of all accounts and keys that the mock server makes."""

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
"""The private half of the key. It is public: a mock server has no secrets."""

MAX_LIFETIME = 3600  # seconds; a signed JWT must expire within this time from now (Google's limit)
# Google's libraries for PHP and Ruby stamp a JWT this many seconds before they sign it, because a clock may be slow.
# The service accepts this (inferred: the libraries do it by default).
MAX_BACKDATING = 60
# The machine's clock decides here, because google-auth stamps by the machine's clock. Client and server usually run on
# the same machine, so this only allows for a container with a slow clock.
SKEW = 10

_KEY = "key"
_FAR = 1e12  # seconds; a larger number is not a plausible date


class Key(msgspec.Struct, frozen=True):
    """The public half of a service account's key."""

    email: str
    modulus: int = math.prod(PRIMES)

    def id(self) -> str:
        """Return the key's id. Every mock server recognizes it."""
        return signing.sign(_KEY, [self.email, f"{self.modulus:x}"])


def key(key_id: object) -> Key | None:
    """Return the key that *key_id* describes, or None if this software did not issue it."""
    content = signing.unsign(_KEY, key_id) if isinstance(key_id, str) else None
    return Key(content[0], int(content[1], 16)) if content else None


def signer(jwt: Jwt) -> str | None:
    """Return the email of the account that signed *jwt*.

    Return None if no key of this software signed it, or if another account issued it.
    """
    # cryptography takes longer to import than the rest of the server, and few servers need it.
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
    from google.auth.crypt import RSAVerifier

    issuer = jwt.claims.get("iss")
    if not isinstance(issuer, str) or not ADDRESS.fullmatch(issuer):
        return None
    own_key = key(jwt.header["kid"]) if "kid" in jwt.header else Key(issuer)
    if own_key is None or own_key.email != issuer or jwt.header.get("alg") != "RS256":
        return None
    public = RSAPublicNumbers(EXPONENT, own_key.modulus).public_key()
    return own_key.email if RSAVerifier(public).verify(jwt.signed, jwt.signature) else None


def is_timely(claims: Mapping[str, Any], now: float) -> bool:
    """Whether *claims* are valid at the second *now*, and for at most an hour after it."""
    issue_time, expiry = _second(claims.get("iat")), _second(claims.get("exp"))
    if issue_time is None or expiry is None:
        return False
    has_started = issue_time <= now + SKEW
    return (
        has_started
        and now - SKEW < expiry <= now + MAX_LIFETIME + SKEW
        and expiry - issue_time <= MAX_LIFETIME + MAX_BACKDATING
    )


def is_for(claims: Mapping[str, Any], audiences: Collection[str]) -> bool:
    """Whether the audience of *claims* is one of *audiences*."""
    audience = claims.get("aud")
    return isinstance(audience, str) and audience in audiences


def _second(value: Any) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or not -_FAR < value < _FAR:
        return None
    return float(value)
