"""Makes credentials of the mock server for tests. The tokens do not expire.

Import what a test needs from here, and not from ``core``.
"""

from __future__ import annotations

from .core.callers.grants import AccessGrant
from .core.callers.identity import address as email_address
from .core.callers.scopes import TUNING
from .core.defaults import API_KEY
from .core.methods.allowances import ALLOWANCES
from .core.world_names import with_world as in_world

__all__ = ["ALLOWANCE_IDS", "API_KEY", "access_token", "email_address", "in_world"]

ALLOWANCE_IDS = frozenset(ALLOWANCES)
"""The ids of the allowances, which the server names in the header ``X-Tunedmodels-Note``."""

_EXPIRES = 8_000_000_000  # seconds since 1970: in the year 2223


def access_token(email: str, world: str = "") -> str:
    """Return an access token of the user *email* in *world*. A server with ``--auth strict`` accepts it, too."""
    return in_world(AccessGrant(email, TUNING, _EXPIRES, email).token(), world)
