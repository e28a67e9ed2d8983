"""Reads and writes the name of a world in a request: in a header or in a credential."""

from __future__ import annotations

import re

WORLD_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
DEFAULT_WORLD = ""

_IN_CREDENTIAL = re.compile(r"test-([A-Za-z0-9._-]{1,100})")
_BEFORE_CREDENTIAL = re.compile(r"\A" + _IN_CREDENTIAL.pattern + "/")


def world_name(test_id: str | None, *credentials: str | None) -> str:
    """Return the name of the world for a request.

    *test_id* wins. Without it, the name follows ``test-`` at the beginning of the first of *credentials* that has this
    prefix: ``test-w1/alice@example.com`` is Alice in the world ``w1``.
    """
    if test_id:
        return test_id
    for credential in credentials:
        match = _IN_CREDENTIAL.match(credential or "")
        if match:
            return match[1]
    return DEFAULT_WORLD


def without_world(credential: str) -> str:
    """Return *credential* without its ``test-<world>/`` prefix."""
    return _BEFORE_CREDENTIAL.sub("", credential, count=1)


def with_world(credential: str, world: str) -> str:
    """Return *credential* with the prefix that puts its sender into the *world* of that name."""
    return f"test-{world}/{credential}" if world else credential
