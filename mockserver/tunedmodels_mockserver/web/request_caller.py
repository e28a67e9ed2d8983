"""Finds the world and the caller of a request."""

from __future__ import annotations

import time

import msgspec

from ..core import errors
from ..core.callers import admission, real_credentials
from ..core.callers.admission import Moment
from ..core.callers.identity import Caller
from ..core.callers.policy import Policy
from ..core.state.worlds import World, Worlds
from ..core.world_names import WORLD_NAME, world_name
from ..log import LOG, one_line
from ..wire.status import Code, StatusError
from ..wire.units import SECOND
from .request_head import RequestHead


class Callers(msgspec.Struct, frozen=True):
    """The callers of one server: its worlds, and the operator's policy for credentials."""

    worlds: Worlds
    policy: Policy

    def world(self, head: RequestHead, *credentials: str) -> World:
        """Return the world that the request names: in ``X-Test-Id``, in *credentials*, or in its own credentials.

        The first of these that names a world wins. Raise StatusError for an invalid name in ``X-Test-Id``, and for a
        credential that looks real.
        """
        self.refuse_real_credentials(head, (*credentials, *head.params.credentials))
        if head.test_id and not WORLD_NAME.fullmatch(head.test_id):
            text = f"must be 1 to 100 letters, digits, dots, dashes or underscores, got {head.test_id[:100]!r}."
            raise StatusError(Code.INVALID_ARGUMENT, f"X-Test-Id {text}")
        return self.worlds.get(world_name(head.test_id, *credentials, head.params.token, head.params.key))

    def refuse_real_credentials(self, head: RequestHead, credentials: tuple[str, ...]) -> None:
        """Raise StatusError if one of *credentials* looks real, unless the operator allows that."""
        kind = None if self.policy.allow_real_credentials else real_credentials.kind(credentials)
        if kind:
            text = "%s %s: refused, because it has a credential that looks like a real %s"
            LOG.warning(text, head.http, one_line(head.path), kind)
            raise errors.real_credential(kind)

    def admit(self, head: RequestHead, world: World, now: int, method_id: str, rpc: str) -> Caller:
        """Return the caller of the method *method_id*, which error details call *rpc*.

        *now* is the world's time in nanoseconds. Raise StatusError if the credentials do not permit the method.
        """
        moment = Moment(now / SECOND, time.time())
        return admission.admit(self.policy, head.credentials, world, moment, method_id, rpc)
