"""The settings of a mock server. ``create_app`` takes them, and the command ``serve`` builds them from its options."""

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
    """The settings of a mock server.

    ``seed`` makes ids and losses the same in each run; with None they differ. Each world begins with ``pace`` and
    ``clock``. ``strict`` switches the compatibility allowances off.

    ``auth`` is ``any`` or ``strict``. ``any`` accepts every caller. ``strict`` checks credentials as the service does:
    then ``api_keys`` are the registered keys, and ``projects`` are the known quota projects (if empty, all are known).
    ``groups`` maps the address of each group to its members. The server refuses a credential that looks real, unless
    ``allow_real_credentials`` is true.

    ``canned`` are the canned rules with which each world begins, in the form that ``PUT /_emulator/canned`` takes.
    ``canned_files`` are files and folders of canned rules. Every world has them after its own rules. ``faults`` are the
    faults that are armed when a world begins.

    ``base_models`` are added to those of the server, each as ``NAME`` or ``NAME=METHOD,METHOD``. By default a base
    model generates content, counts tokens and can be tuned. They take precedence over the base models of a preload.

    ``store`` says where worlds are stored: ``memory``, ``sqlite:///FILE`` or ``postgresql://HOST/NAME``. ``preload`` is
    a file or folder with the states and models of new worlds. With ``resume`` they continue from the time at which the
    file was written, as if no time had passed since then.
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
        """Return the policy for callers. Raise ValueError for an invalid key, address or project."""
        if self.auth not in ("any", "strict"):
            raise ValueError(f"auth must be any or strict, got {self.auth!r}")
        return Policy(self.auth == "strict", self.api_keys, self.groups, self.projects, self.allow_real_credentials)

    def to_public_json(self) -> dict[str, Any]:
        """Return the settings as JSON for everybody. Leave out keys, people, and the user and password of the store."""
        scheme, colon, rest = self.store.partition("://")
        return {
            "seed": self.seed,
            "pace": asdict(self.pace),
            "clock": self.clock.mode.value,
            "strict": self.strict,
            "auth": self.auth,
            "allow_real_credentials": self.allow_real_credentials,
            "canned_files": [str(path) for path in self.canned_files],
            # The query of the URL may contain a password, too.
            "store": scheme + colon + rest.rpartition("@")[2].partition("?")[0],
            "preload": None if self.preload is None else str(self.preload),
            "resume": self.resume,
            "base_models": list(self.base_models),
        }
