"""Defines the fault that a test or an operator arms, with its scope, count, time window and exactly one effect."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from ...wire.protojson.timestamps import parse_timestamp
from ...wire.units import SECOND
from ..effects import Effect
from ..method_ids import STANDS_FOR, check_method
from ..runs.script import Run

CREATE = "tunedModels.create"
_GENERATES = frozenset(f"tunedModels.{verb}" for verb in ("generateContent", "streamGenerateContent", "generateText"))
_WITHDRAWN = _GENERATES | {CREATE, "models.get", "models.list"}
_MAX_SECONDS = 1e9  # seconds

Span = Annotated[float, Meta(ge=0, le=_MAX_SECONDS)]
Scope = Annotated[str, Meta(min_length=1, max_length=300)]


class Quota(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A limit of ``limit`` calls in any ``per`` seconds of the world's clock, or of ``concurrent`` unfinished runs."""

    limit: Annotated[int, Meta(ge=0, le=10_000)] | None = None
    per: Annotated[float, Meta(gt=0, le=_MAX_SECONDS)] = 60.0
    concurrent: Annotated[int, Meta(ge=0, le=10_000)] | None = None

    def __post_init__(self) -> None:
        """Raise ValueError if both limits are set, or neither."""
        if (self.limit is None) == (self.concurrent is None):
            raise ValueError("set either limit (calls in per seconds) or concurrent (unfinished runs)")


class FaultQuery(msgspec.Struct, frozen=True):
    """One call, as faults see it. ``model`` is a resource name, empty if the call names no model.

    ``running`` is the number of unfinished runs of the world. It matters for a create only.
    """

    method: str
    model: str
    caller: str
    seed: int
    running: int = 0


class Fault(Effect, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing that goes wrong. Exactly one effect is set: a member of Effect, or one of the first four here.

    ``method`` is the id of a method, ``model`` the id or resource name of a model, ``caller`` an e-mail address. Each
    can be a glob; without it, the fault applies to all. The fault fires at most ``times`` times. None means always. The
    default is once, but always for quotas, ``withdrawn`` and ``pedantic``. The first ``skip`` calls in the scope pass;
    at each later call, the fault fires with this ``probability``. ``from`` and ``until`` (RFC 3339), or ``after`` and
    ``lasts`` (seconds since it was armed), are a window on the world's clock. After ``ttl`` seconds on the machine's
    clock, the fault is removed. ``required`` says whether a test fails if the fault never fires.
    """

    kinds: ClassVar[tuple[str, ...]] = (*Effect.kinds, "quota", "run", "withdrawn", "pedantic")

    quota: Quota | None = None
    run: Run | None = None
    withdrawn: Literal[True] | None = None
    pedantic: Literal[True] | None = None
    id: Annotated[str, Meta(pattern=r"^([A-Za-z0-9._-]{1,100})?$")] = ""
    method: Scope | None = None
    model: Scope | None = None
    caller: Scope | None = None
    times: Annotated[int, Meta(ge=1)] | UnsetType | None = UNSET
    skip: Annotated[int, Meta(ge=0)] = 0
    probability: Annotated[float, Meta(gt=0, le=1)] = 1.0
    from_: str | None = msgspec.field(default=None, name="from")
    until: str | None = None
    after: Span = 0.0
    lasts: Span | None = None
    ttl: Annotated[float, Meta(gt=0, le=_MAX_SECONDS)] | None = None
    required: bool = True

    def __post_init__(self) -> None:
        """Raise ValueError for an invalid member, and for a fault that could never fire."""
        super().__post_init__()
        if self.method is not None:
            check_method(self.method)
        counts_runs = self.quota is not None and self.quota.concurrent is not None
        if (self.run is not None or counts_runs) and not self.matches_method(CREATE):
            raise ValueError(f"{self.kind} applies to {CREATE} only, not to {self.method!r}; leave method out")
        for name, text in (("from", self.from_), ("until", self.until)):
            if text is not None and parse_timestamp(text) is None:
                raise ValueError(f"{name} must be a time such as 2026-01-01T00:00:00Z, got {text!r}")
        if (self.from_ is not None or self.until is not None) and (self.after or self.lasts is not None):
            raise ValueError("give the window either by from and until, or by after and lasts")
        closes = self.closes_at(0)
        if closes is not None and closes <= self.opens_at(0):
            raise ValueError("the window closes before it opens; set until after from, or lasts above 0")

    @property
    def limit(self) -> int | None:
        """The largest number of times that it fires, None for always."""
        if isinstance(self.times, UnsetType):
            return None if self.kind in ("quota", "withdrawn", "pedantic") else 1
        return self.times

    @property
    def order(self) -> int:
        """The order in which faults are checked: 0 for those of a model, 1 of a method or caller, 2 for all others."""
        if self.model not in (None, "*"):
            return 0
        return 1 if {self.method, self.caller} - {None, "*"} else 2

    def matches_method(self, method: str) -> bool:
        """Return whether it applies to the method called *method*."""
        method = STANDS_FOR.get(method, method)
        return self.method is None or fnmatchcase(method, self.method)

    def matches(self, query: FaultQuery) -> bool:
        """Return whether *query* is in its scope. Faults of runs and quotas of concurrent runs fit creates only."""
        only_create = self.run is not None or (self.quota is not None and self.quota.concurrent is not None)
        if only_create and query.method != CREATE:
            return False
        if self.withdrawn and query.method not in _WITHDRAWN:
            return False
        if not self.matches_method(query.method):
            return False
        if self.caller is not None and not fnmatchcase(query.caller, self.caller):
            return False
        names = (query.model, query.model.rpartition("/")[2])
        return self.model is None or (bool(query.model) and any(fnmatchcase(name, self.model) for name in names))

    def opens_at(self, armed_at: int) -> int:
        """Return the moment at which its window opens, if it was armed at *armed_at*."""
        moment = parse_timestamp(self.from_) if self.from_ is not None else None
        return armed_at + round(self.after * SECOND) if moment is None else moment

    def closes_at(self, armed_at: int) -> int | None:
        """Return the moment at which its window closes, if it was armed at *armed_at*; None for never."""
        if self.until is not None:
            return parse_timestamp(self.until)
        return None if self.lasts is None else self.opens_at(armed_at) + round(self.lasts * SECOND)
