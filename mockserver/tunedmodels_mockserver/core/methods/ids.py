"""Builds the ids of models, operations and permissions in the service's forms, with random parts from a seed.

Source: names in recorded answers of 2023 to 2025. The rule for ids that callers choose comes from the proto.
"""

from __future__ import annotations

import re
from hashlib import blake2b

from .. import random_draws

MAX_ID = 40
GIVEN_ID = re.compile(r"[a-z]([a-z0-9-]{0,38}[a-z0-9])?")

_RANDOM_PART = 12
_MIN_RANDOM_PART = 6  # the shortest observed; longer slugs are cut to make room for it (invented)


def slug(display_name: str) -> str:
    """Return the readable part of an id: lower case, spaces become ``-``, only ``[a-z0-9]`` stays."""
    return re.sub(r"[^a-z0-9-]", "", display_name.lower().replace("-", "").replace(" ", "-"))


def model_id(display_name: str, seed: int, draw: int) -> str:
    """Return a new model's id: the slug, ``-`` and 12 characters, or fewer to stay within 40."""
    # An id begins with a letter, so characters before the slug's first letter are dropped (invented, never observed).
    head = slug(display_name).lstrip("-0123456789")[: MAX_ID - 1 - _MIN_RANDOM_PART]
    if not head:
        return f"m{random_draws.base36(_RANDOM_PART - 1, seed, 'model', draw)}"
    length = min(_RANDOM_PART, MAX_ID - 1 - len(head))
    return f"{head}-{random_draws.base36(length, seed, 'model', draw)}"


def operation_id(seed: int, draw: int) -> str:
    """Return a new operation's id: 12 characters of ``[a-z0-9]``."""
    return random_draws.base36(12, seed, "operation", draw)


def permission_id(email_address: str) -> str:
    """Return the service's 21 digits for an account or a group. The same address gives the same digits."""
    digest = int.from_bytes(blake2b(email_address.lower().encode(), digest_size=16).digest(), "big")
    return f"1{digest % 10**20:020d}"
