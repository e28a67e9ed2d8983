"""Defines the context that every method gets besides its request."""

from __future__ import annotations

import msgspec

from ..base_models import similar_names
from ..callers.identity import Caller
from ..runs.script import DEFAULT_RUN, Run
from ..state.worlds import World
from .allowances import Allowances


class RequestContext(msgspec.Struct, frozen=True):
    """The context of one request. ``now`` is read once, so an answer never mixes two moments.

    ``run`` has the events for a run that the call starts. ``notes`` are added to the answer's header.
    """

    world: World
    caller: Caller
    version: str
    now: int
    allowances: Allowances = msgspec.field(default_factory=Allowances)
    run: Run = DEFAULT_RUN
    notes: list[str] = msgspec.field(default_factory=list)

    def note_similar_models(self, name: str, method: str = "") -> None:
        """Add a note with the base models most similar to *name*; only those with *method*, if it is given."""
        models = [model for model in self.world.base_models.values() if not method or model.serves(method)]
        condition = f" with {method}" if method else ""
        near = ", ".join(similar_names(name, models)) or "none"
        self.notes.append(f"base-models: models.list shows {len(models)}{condition}; the nearest are {near}")
