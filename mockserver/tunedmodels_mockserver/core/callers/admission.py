"""Checks the credentials of a call against its method and returns the caller."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from .. import errors
from ..state.worlds import World
from ..world_names import without_world
from . import grants, identity, jwt, scopes, service_accounts
from .identity import Caller
from .policy import Policy

# Google's libraries sign for the service's address if they know no scopes.
_AUDIENCES = frozenset({f"https://{errors.SERVICE}/", f"https://{errors.SERVICE}"})


class Credentials(msgspec.Struct, frozen=True):
    """The credentials of a request: a bearer token, an API key, and the project to bill.

    ``sent_to`` is the address of the server that got the request, with a slash at its end.
    """

    token: str | None = None
    key: str | None = None
    project: str | None = None
    sent_to: str = ""


class Moment(msgspec.Struct, frozen=True):
    """The present in seconds, by two clocks.

    ``world`` is the world's clock. ``machine`` is the machine's clock, which google-auth uses to stamp what it signs.
    """

    world: float
    machine: float


def admit(policy: Policy, credentials: Credentials, world: World, moment: Moment, method_id: str, rpc: str) -> Caller:
    """Return the caller of the method *method_id*, which error details call *rpc*.

    Raise StatusError if the policy is strict and the service would refuse. The order of the checks is invented: the
    token before the key, the project last.
    """
    caller = identity.caller(credentials.token, credentials.key, credentials.project)
    if policy.strict:
        caller = replace(caller, email=_authenticate(policy, credentials, world, moment, method_id, rpc))
    groups = policy.groups_of(caller.email)
    return replace(caller, groups=groups) if groups else caller


def _authenticate(
    policy: Policy, credentials: Credentials, world: World, moment: Moment, method_id: str, rpc: str
) -> str:
    if credentials.token is None and scopes.needs_oauth(method_id):
        # The validity of the key does not matter here.
        raise errors.oauth_needed(rpc) if credentials.key else errors.token_missing(rpc)
    if credentials.token is None and not credentials.key:
        raise errors.unregistered()
    email, token_scopes = identity.DEVELOPER, None
    if credentials.token is not None:
        audiences = _AUDIENCES | {credentials.sent_to, credentials.sent_to.rstrip("/")}
        email, token_scopes = _bearer(credentials.token, audiences, world, moment)
    if credentials.key and not policy.knows_key(credentials.key, without_world(credentials.key)):
        raise errors.api_key_invalid()
    if token_scopes is not None and not scopes.ACCEPTED[method_id] & token_scopes:
        raise errors.scopes_insufficient(rpc)
    if credentials.project and not policy.knows_project(credentials.project):
        raise errors.project_denied(credentials.project)
    return email


def _bearer(token: str, audiences: frozenset[str], world: World, moment: Moment) -> tuple[str, frozenset[str] | None]:
    """Return the email and the scopes of *token*; None means all scopes. Raise StatusError for a bad token.

    *audiences* are the valid audiences of a JWT without scopes. The server's own address is one of them (invented):
    Google's library for Node signs for the URL of the server that it calls.
    """
    grant = grants.read_access(token)
    if grant:
        if grant.expires <= moment.world or not world.controls.revoked.isdisjoint({grant.id, grant.parent} - {""}):
            raise errors.token_invalid()
        return grant.email, frozenset(grant.scopes)
    jwt_ = jwt.read(without_world(token))
    email = service_accounts.signer(jwt_) if jwt_ else None
    if jwt_ is None or email is None or not service_accounts.is_timely(jwt_.claims, moment.machine):
        raise errors.token_invalid()
    if jwt_.claims.get("sub", email) != email:
        raise errors.token_invalid()
    scope = jwt_.claims.get("scope")
    if isinstance(scope, str):
        return email, frozenset(scope.split())
    if not service_accounts.is_for(jwt_.claims, audiences):
        raise errors.token_invalid()
    return email, None
