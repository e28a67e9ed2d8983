"""The faults of a world, which a test can arm, list and remove."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from .admin_api import Admin

if TYPE_CHECKING:
    from typing_extensions import Unpack  # in typing since Python 3.11


class Members(TypedDict, total=False):
    """The members of a fault as keywords, as in ``POST /_emulator/faults``, but with ``from_`` for ``from``."""

    error: str | int | Mapping[str, Any]
    page: Mapping[str, Any]
    latency: float | Mapping[str, Any]
    reset: Literal[True]
    commit_then_drop: Literal[True]
    truncate: Mapping[str, Any]
    malformed: Literal[True]
    slow: Mapping[str, Any]
    stall: Mapping[str, Any]
    expired_token: Literal[True]
    quota: Mapping[str, Any]
    run: Mapping[str, Any]
    withdrawn: Literal[True]
    pedantic: Literal[True]
    id: str
    method: str
    model: str
    caller: str
    times: int | None
    skip: int
    probability: float
    from_: str
    until: str
    after: float
    lasts: float
    ttl: float
    required: bool


class Faults:
    """The faults of a world. *admin* sends the requests."""

    def __init__(self, admin: Admin) -> None:
        self._admin = admin

    def arm(self, fault: Mapping[str, Any] | None = None, /, **members: Unpack[Members]) -> str:
        """Arm one fault and return its id. Pass the fault as a mapping, as keywords, or as both.

        ``error="UNAVAILABLE"`` and ``error=503`` mean an error with that code, ``latency=0.5`` means half a second, and
        ``from_`` means ``from``. Raises WorldError if the server refuses the fault; for an unknown name the message has
        the nearest one. Raises TypeError if *fault* is not a mapping.
        """
        if not isinstance(fault, Mapping | None):
            form = 'arm(error="UNAVAILABLE"), or a mapping such as {"method": "tunedModels.create", "error": 503}'
            raise TypeError(f"Pass the fault as keywords, {form}; got {fault!r}.")
        body = {**(fault or {}), **{name.removesuffix("_"): value for name, value in members.items()}}
        return str(self._admin.ask("POST", "faults", body)["faults"][0]["id"])

    def preset(self, name: str) -> list[str]:
        """Arm the faults of the preset *name*, such as ``flaky``, and return their ids."""
        return [str(fault["id"]) for fault in self._admin.ask("POST", "faults", {"preset": name})["faults"]]

    def list(self) -> list[dict[str, Any]]:
        """Return the faults, each with its state: ``seen``, ``hits``, ``remaining``, ``fired``."""
        return list(self._admin.ask("GET", "faults")["faults"])

    def clear(self, fault_id: str | None = None) -> None:
        """Remove the fault *fault_id*, or all faults if it is None."""
        self._admin.ask("DELETE", "faults" if fault_id is None else f"faults/{fault_id}")
