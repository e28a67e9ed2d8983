"""Finds the world and the caller of the present request."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import cast

from flask import Request, request
from werkzeug.local import LocalProxy

from ..core import errors
from ..core.callers import admission, real_credentials
from ..core.callers.admission import Credentials, Moment
from ..core.callers.identity import Caller
from ..core.callers.policy import Policy
from ..core.state.worlds import World, Worlds
from ..core.world_names import WORLD_NAME, world_name
from ..log import LOG, one_line
from ..wire.status import Code, StatusError
from ..wire.units import SECOND
from . import journaling
from .system_parameters import SystemParameters


@dataclass(frozen=True, slots=True)
class Callers:
    """The callers of one server: its worlds, and the operator's policy for credentials."""

    worlds: Worlds
    policy: Policy

    def world(self, params: SystemParameters, *credentials: str) -> World:
        """Return the world that the present request names: in ``X-Test-Id``, in *credentials*, or in its own.

        The first of these that names a world wins. Raise StatusError for an invalid name in ``X-Test-Id``, and for a
        credential that looks real.
        """
        self.refuse_real_credentials((*credentials, *params.credentials))
        test_id = request.headers.get("X-Test-Id")
        if test_id and not WORLD_NAME.fullmatch(test_id):
            text = f"X-Test-Id must be 1 to 100 letters, digits, dots, dashes or underscores, got {test_id[:100]!r}."
            raise StatusError(Code.INVALID_ARGUMENT, text)
        world = self.worlds.get(world_name(test_id, *credentials, params.token, params.key))
        journaling.entry_draft(request.environ).set_world(
            world.name, cast("LocalProxy[Request]", request)._get_current_object()
        )
        return world

    def refuse_real_credentials(self, credentials: tuple[str, ...]) -> None:
        """Raise StatusError if one of *credentials* looks real, unless the operator allows that."""
        kind = None if self.policy.allow_real_credentials else real_credentials.kind(credentials)
        if kind:
            text = "%s %s: refused, because it has a credential that looks like a real %s"
            LOG.warning(text, request.method, one_line(request.path), kind)
            raise errors.real_credential(kind)

    def admit(self, params: SystemParameters, world: World, now: int, method_id: str, rpc: str) -> Caller:
        """Return the caller of the method *method_id*, which error details call *rpc*.

        *now* is the world's time in nanoseconds. Raise StatusError if the credentials do not permit the method.
        """
        draft = journaling.entry_draft(request.environ)
        draft.at = now
        credentials = Credentials(
            params.token, params.key, request.headers.get("X-Goog-User-Project"), request.host_url
        )
        caller = admission.admit(self.policy, credentials, world, Moment(now / SECOND, time.time()), method_id, rpc)
        draft.caller = caller.email
        return caller
