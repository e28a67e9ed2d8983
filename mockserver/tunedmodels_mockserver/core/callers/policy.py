"""Holds the operator's settings about callers: keys, groups, projects and strictness."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import msgspec

from ..defaults import API_KEY
from . import real_credentials
from .identity import ADDRESS

_KEY = re.compile(r"[!-~]{1,200}")
# A project's id, with a domain before it if the project belongs to a domain, or a project's number.
PROJECT = re.compile(r"(?:[a-z0-9.-]{1,100}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]|[0-9]{1,18}", re.ASCII)


class Policy(msgspec.Struct, frozen=True):
    """The operator's settings about callers and groups.

    ``projects`` are the known quota projects. If it is empty, every well-formed project is known. Raise ValueError for
    an invalid key, address or project.
    """

    strict: bool = False
    api_keys: Collection[str] = frozenset({API_KEY})
    groups: Mapping[str, Collection[str]] = msgspec.field(default_factory=dict)
    projects: Collection[str] = frozenset()
    allow_real_credentials: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError for a key, an address or a project that no request could match."""
        for key in self.api_keys:
            if not _KEY.fullmatch(key):
                raise ValueError(f"an API key must be 1 to 200 visible ASCII characters, got {key!r}")
            if real_credentials.kind((key,)) and not self.allow_real_credentials:
                raise ValueError(
                    "an API key of a mock server must not look like a real one; --allow-real-credentials allows it"
                )
        for address in (*self.groups, *(member for members in self.groups.values() for member in members)):
            if not ADDRESS.fullmatch(address):
                raise ValueError(f"a group and its members must be e-mail addresses, got {address!r}")
        for project in self.projects:
            if not PROJECT.fullmatch(project):
                raise ValueError(f"a project must be an id such as my-project, or a number, got {project!r}")

    def groups_of(self, email: str) -> frozenset[str]:
        """Return the addresses of the groups that have *email* as a member."""
        if not self.groups:
            return frozenset()
        return frozenset(
            group.lower() for group, members in self.groups.items() if email in {member.lower() for member in members}
        )

    def knows_key(self, key: str, bare_key: str) -> bool:
        """Whether the key is registered, as *key* with the world's prefix or as *bare_key* without it."""
        return key in self.api_keys or bare_key in self.api_keys

    def knows_project(self, project: str) -> bool:
        """Whether calls can be billed to *project*."""
        return project in self.projects if self.projects else PROJECT.fullmatch(project) is not None
