"""The faults of a world, armed by a test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .admin import Admin


class Faults:
    """Arms and removes the faults that *admin*'s world has."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin

    def arm(self, fault: Mapping[str, Any] | None = None, /, **members: Any) -> str:
        """Arm one fault, given as a mapping, as keywords or as both, and return its id.

        ``error="UNAVAILABLE"`` is short for an error with that code, ``latency=0.5`` for so many seconds, and
        ``from_`` stands for ``from``. Raises WorldError for what the server refuses, with the nearest name.
        """
        given = {**(fault or {}), **{name.removesuffix("_"): value for name, value in members.items()}}
        for name, member in (("error", "code"), ("latency", "seconds")):
            if name in given and not isinstance(given[name], Mapping):
                given[name] = {member: given[name]}
        return str(self._admin.ask("POST", "faults", given)["faults"][0]["id"])

    def preset(self, name: str) -> list[str]:
        """Arm the faults of a preset, such as ``flaky``, and return their ids."""
        return [str(fault["id"]) for fault in self._admin.ask("POST", "faults", {"preset": name})["faults"]]

    def list(self) -> list[dict[str, Any]]:
        """Return the faults, each with what it has met: ``seen``, ``hits``, ``remaining``, ``fired``."""
        return list(self._admin.ask("GET", "faults")["faults"])

    def clear(self, fault_id: str | None = None) -> None:
        """Remove one fault, or all."""
        self._admin.ask("DELETE", "faults" if fault_id is None else f"faults/{fault_id}")
