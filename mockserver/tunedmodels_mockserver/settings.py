"""The settings of a mock server."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from .core.callers.policy import Policy
from .core.clock import Clock
from .core.defaults import API_KEY
from .core.faults.fault import Fault
from .core.runs.durations import Pace
from .stores.factory import MEMORY


@dataclass(frozen=True, slots=True)
class Settings:
    """How a fake behaves.

    ``seed`` makes ids and losses repeat from run to run (None: they differ). ``pace`` and
    ``clock`` are those with which each world begins. ``strict`` switches the compatibility allowances off.

    ``auth`` is ``any``, which takes every caller, or ``strict``, which judges credentials as the service does:
    then ``api_keys`` are the registered keys, and ``projects`` the known quota projects (none: all are known).
    ``groups`` has the members of each group's address. A credential that looks real is refused unless
    ``allow_real_credentials``.

    ``canned`` are the rules of canned answers with which each world begins, as ``PUT /_emulator/canned`` takes them;
    ``canned_files`` are files and folders of such rules, which every world has after its own. With ``faults`` armed
    each world begins.

    ``base_models`` are added to those that the server has, each as ``NAME`` or ``NAME=METHOD,METHOD``; by default one
    generates, counts tokens and can be tuned. They win over those of a preload.

    ``store`` is where worlds are kept: ``memory``, ``sqlite:///FILE`` or ``postgresql://HOST/NAME``. ``preload`` is a
    file or folder of states and models with which new worlds begin; with ``resume`` they go on from the moment at which
    it was written, as if no time had passed since.
    """

    seed: int | None = None
    pace: Pace = field(default_factory=Pace)
    clock: Clock = field(default_factory=Clock)
    strict: bool = False
    auth: Literal["any", "strict"] = "any"
    api_keys: Collection[str] = frozenset({API_KEY})
    groups: Mapping[str, Collection[str]] = field(default_factory=dict)
    projects: Collection[str] = frozenset()
    allow_real_credentials: bool = False
    canned: Any = ()
    canned_files: Collection[str | Path] = ()
    store: str = MEMORY
    preload: str | Path | None = None
    resume: bool = False
    faults: Collection[Fault] = ()
    base_models: Collection[str] = ()

    def policy(self) -> Policy:
        """Return what the settings say of callers. Raises ValueError for what can be no key, address or project."""
        if self.auth not in ("any", "strict"):
            raise ValueError(f"auth must be any or strict, got {self.auth!r}")
        return Policy(self.auth == "strict", self.api_keys, self.groups, self.projects, self.allow_real_credentials)

    def to_public_json(self) -> dict[str, Any]:
        """Return them as plain JSON for everybody to see: without keys, people, and a store's user and password."""
        scheme, colon, rest = self.store.partition("://")
        return {
            "seed": self.seed,
            "pace": asdict(self.pace),
            "clock": self.clock.mode.value,
            "strict": self.strict,
            "auth": self.auth,
            "allow_real_credentials": self.allow_real_credentials,
            "canned_files": [str(path) for path in self.canned_files],
            # What follows the host may have a password, too.
            "store": scheme + colon + rest.rpartition("@")[2].partition("?")[0],
            "preload": None if self.preload is None else str(self.preload),
            "resume": self.resume,
            "base_models": list(self.base_models),
        }
