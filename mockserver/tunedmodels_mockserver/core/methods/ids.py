"""Ids: how the service names models, operations and permissions, with the random parts drawn from a seed.

Source: names in recorded answers of 2023 to 2025; the rule for ids that callers give is the proto's.
"""

from __future__ import annotations

import re
from hashlib import blake2b

from .. import random_draws

MAX_ID = 40
GIVEN_ID = re.compile(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?")

_RANDOM_PART = 12
_SHORTEST_RANDOM_PART = 6  # the shortest seen; longer slugs are cut for it (invented)


def slug(display_name: str) -> str:
    """Return the readable part of an id: lower case, spaces as ``-``, all but ``[a-z0-9]`` dropped."""
    return re.sub(r"[^a-z0-9-]", "", display_name.lower().replace("-", "").replace(" ", "-"))


def model_id(display_name: str, seed: int, draw: int) -> str:
    """Return a new model's id: the slug, ``-`` and 12 characters, fewer where the id would pass 40."""
    # An id begins with a letter: what comes before the slug's first one goes (invented; no such name was seen).
    head = slug(display_name).lstrip("-0123456789")[: MAX_ID - 1 - _SHORTEST_RANDOM_PART]
    if not head:
        return f"m{random_draws.base36(_RANDOM_PART - 1, seed, 'model', draw)}"
    length = min(_RANDOM_PART, MAX_ID - 1 - len(head))
    return f"{head}-{random_draws.base36(length, seed, 'model', draw)}"


def operation_id(seed: int, draw: int) -> str:
    """Return a new operation's id: 12 characters of ``[a-z0-9]``."""
    return random_draws.base36(12, seed, "operation", draw)


def permission_id(email_address: str) -> str:
    """Return the 21 digits by which the service knows an account or group; the same for the same address."""
    digest = int.from_bytes(blake2b(email_address.lower().encode(), digest_size=16).digest(), "big")
    return f"1{digest % 10**20:020d}"
