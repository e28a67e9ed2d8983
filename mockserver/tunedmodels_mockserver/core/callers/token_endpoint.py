"""Implements the OAuth token endpoint, which exchanges grants for access tokens and revokes tokens.

Wordings marked *observed* come from reports by users of Google's endpoint. The others are invented.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from ...wire.units import SECOND
from ..state.worlds import World
from ..world_names import with_world
from . import grants, identity, jwt, service_accounts
from .grants import AccessGrant, RefreshGrant
from .policy import Policy

AUDIENCE = "https://oauth2.googleapis.com/token"
"""The audience that google-auth puts into every assertion, for any token endpoint."""

OLDER_AUDIENCE = "https://www.googleapis.com/oauth2/v4/token"
"""The audience that Google's library for Ruby uses. Inferred from this: the service accepts it."""

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
REFRESH_TOKEN = "refresh_token"

_SCOPE = re.compile(r"[!#-\[\]-~]{1,500}")  # RFC 6749's characters

Value = dict[str, Any]


class GrantError(Exception):
    """An OAuth error of the endpoint: an error code with a description."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


class TokenEndpoint(msgspec.Struct, frozen=True):
    """One world's token endpoint at one moment.

    ``own_urls`` are the endpoint's own addresses. ``machine`` is the machine's time in seconds, by which clients stamp
    assertions. ``token_id`` is an id that no other token has.
    """

    policy: Policy
    world: World
    own_urls: Collection[str]
    machine: float
    token_id: str

    def exchange(self, form: Mapping[str, str]) -> Value:
        """Return an access token for the grant in *form*. Raise GrantError for an invalid grant."""
        grant_type = form.get("grant_type")
        if not grant_type:
            raise GrantError("invalid_request", "Missing required parameter: grant_type")
        if grant_type == JWT_BEARER:
            email, scopes = self._read_assertion(form.get("assertion", ""))
            return self.issue(email, scopes)
        if grant_type == REFRESH_TOKEN:
            refresh = self._read_refresh_token(form.get("refresh_token", ""))
            requested = _scopes(form.get("scope", ""))
            # Without a scope the answer has all scopes of the refresh token (RFC 6749, section 6).
            if self.policy.strict and not set(requested) <= set(refresh.scopes):
                raise GrantError("invalid_scope", "Bad Request")  # observed
            return self.issue(refresh.email, requested or refresh.scopes, refresh.id)
        raise GrantError("unsupported_grant_type", f"Invalid grant_type: {grant_type[:100]}")

    def issue(self, email: str, scopes: tuple[str, ...], parent: str = "") -> Value:
        """Return the answer with a new access token for *email*."""
        expires = self.world.now() // SECOND + grants.LIFETIME
        token = AccessGrant(email, scopes, expires, self.token_id, parent).token()
        return {
            "access_token": with_world(token, self.world.name),
            "expires_in": grants.LIFETIME - 1,  # as Google's
            "scope": " ".join(scopes),
            "token_type": "Bearer",
        }

    def revoke(self, token: str) -> None:
        """Revoke *token* and the other tokens of its grant. Raise GrantError if there is nothing to revoke."""
        if not token:
            raise GrantError("invalid_request", "Missing required parameter: token")
        read_access, read_refresh = grants.read_access(token), grants.read_refresh(token)
        if read_access:
            # Revoking an access token also revokes the refresh token that it came from (documented).
            ids = {read_access.id, read_access.parent} - {""}
        elif read_refresh:
            ids = {read_refresh.id}
        else:
            ids = set()
        if self.policy.strict and (not ids or ids <= self.world.controls.revoked):
            raise GrantError("invalid_token", "Token expired or revoked")  # observed
        self.world.change(lambda controls: replace(controls, revoked=controls.revoked | ids))

    def _read_assertion(self, assertion: str) -> tuple[str, tuple[str, ...]]:
        claims = jwt.claims(assertion)
        if claims is None:
            raise GrantError("invalid_grant", "Invalid JWT: it must have three parts with JSON in them.")
        scope = claims.get("scope")
        scopes = _scopes(scope if isinstance(scope, str) else "")
        if not self.policy.strict:
            issuer = claims.get("iss")
            robot = issuer.lower() if isinstance(issuer, str) and identity.ADDRESS.fullmatch(issuer) else None
            return identity.subject(claims) or robot or identity.DEVELOPER, scopes
        jwt_ = jwt.read(assertion)
        email = service_accounts.signer(jwt_) if jwt_ else None
        if email is None:
            raise GrantError("invalid_grant", "Invalid JWT Signature.")  # observed
        if not service_accounts.is_timely(claims, self.machine):
            text = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
            raise GrantError("invalid_grant", f"{text}Check your iat and exp values in the JWT claim.")  # observed
        if not service_accounts.is_for(claims, (AUDIENCE, OLDER_AUDIENCE, *self.own_urls)):
            raise GrantError("invalid_grant", "Invalid JWT: Failed audience check.")  # observed
        if not scopes:
            raise GrantError("invalid_scope", "Invalid OAuth scope or ID token audience provided.")  # observed
        if "sub" in claims:
            # The user that the service account acts for. An administrator can allow this.
            email = identity.subject(claims)
            if email is None or not identity.ADDRESS.fullmatch(email):
                raise GrantError("invalid_request", 'Invalid impersonation "sub" field.')
        return email, scopes

    def _read_refresh_token(self, token: str) -> RefreshGrant:
        if not token:
            raise GrantError("invalid_request", "Missing required parameter: refresh_token")
        read_refresh = grants.read_refresh(token)
        if self.policy.strict:
            if read_refresh is None:
                raise GrantError("invalid_grant", "Bad Request")  # observed
            if read_refresh.id in self.world.controls.revoked:
                raise GrantError("invalid_grant", "Token has been expired or revoked.")  # observed
        return read_refresh or RefreshGrant(identity.person(token) or identity.DEVELOPER, (), "")


def _scopes(text: str) -> tuple[str, ...]:
    scopes = tuple(dict.fromkeys(text.split()))
    if not all(_SCOPE.fullmatch(scope) for scope in scopes):
        raise GrantError("invalid_scope", "Some requested scopes were invalid.")
    return scopes
