"""Worlds: each has its own models, clock and chance, so that tests in parallel share a server and never meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from ...wire.units import MICROSECOND
from .. import random_draws
from ..base_models import BASE_MODELS, BaseModel
from ..canned.rulebook import FileRules
from ..clock import Clock
from ..runs import view
from ..runs.plan import Plan
from ..world_names import DEFAULT_WORLD
from .controls import Controls
from .store import State, Store, Stores


@dataclass(frozen=True, slots=True)
class World:
    """One isolated state of the service.

    ``machine`` tells the machine's time in nanoseconds, ``filed`` the canned rules that files give to every world.
    ``base_models`` has the base models of the server by resource name.
    """

    name: str
    seed: int
    store: Store
    machine: Callable[[], int]
    file_rules: Callable[[], FileRules] = FileRules
    base_models: Mapping[str, BaseModel] = field(default_factory=lambda: BASE_MODELS)

    @property
    def controls(self) -> Controls:
        """All of it that is no resource, as it stands."""
        return self.store.controls()

    def change(self, change: Callable[[Controls], Controls]) -> Controls:
        """Put ``change(controls)`` in the place of the controls and return it.

        Nobody waits for anybody: where the controls changed meanwhile, *change* is asked again.
        """
        while True:
            old = self.store.controls()
            new = change(old)
            if new is old or self.store.control(old, new):
                return new

    def now(self) -> int:
        """Return the world's present as a whole microsecond, the finest that creation times show."""
        return self.controls.clock.now(self.machine()) // MICROSECOND * MICROSECOND

    def advance_on_poll(self, plan: Plan, now: int) -> int:
        """Tell the clock that a caller polls *plan*, and return the moment that the caller then sees."""
        if view.is_settled(plan, now):
            return now
        self.change(lambda controls: _with_clock(controls, controls.clock.after_poll(plan.whole)))
        return self.now()

    def draw(self) -> int:
        """Return the next number of this world's sequence, from 1; no two calls get the same."""
        return self.store.draw()


def _with_clock(controls: Controls, clock: Clock) -> Controls:
    return controls if clock is controls.clock else replace(controls, clock=clock)


@dataclass(frozen=True, slots=True)
class InitialStates:
    """How worlds begin: each of those in ``named`` in its own way, every other like ``rest``."""

    rest: State
    named: Mapping[str, State] = field(default_factory=dict)

    def get(self, name: str, machine: int) -> State:
        """Return how the world called *name* begins when the machine's time is *machine*."""
        return self.named.get(name, self.rest).start(machine)


class Worlds:
    """The worlds of one server, made in *stores* when they are first asked for."""

    def __init__(
        self,
        seed: int,
        machine: Callable[[], int],
        beginnings: InitialStates,
        stores: Stores,
        filed: Callable[[], FileRules] = FileRules,
        base_models: Mapping[str, BaseModel] = BASE_MODELS,
    ) -> None:
        self.machine = machine
        self.base_models = base_models
        self.kind = stores.kind
        self._seed = seed
        self._beginnings = beginnings
        self._stores = stores
        self._filed = filed

    def get(self, name: str) -> World:
        """Return the world called *name*."""
        store = self._stores.open(
            name, lambda: (random_draws.bits(self._seed, "world", name), self.initial_state(name))
        )
        return World(name, store.seed, store, self.machine, self._filed, self.base_models)

    def initial_state(self, name: str) -> State:
        """Return how the world called *name* would begin now."""
        return self._beginnings.get(name, self.machine())

    def drop(self, name: str) -> None:
        """Forget the world called *name*; who asks for it again gets a new one."""
        self._stores.drop(name)

    def names(self) -> list[str]:
        """Return the names of the worlds that there are, sorted; the default world's is empty."""
        return self._stores.names()

    def all(self) -> list[World]:
        """Return the default world, and all others that there are in the order of their names."""
        return [self.get(name) for name in sorted({DEFAULT_WORLD, *self.names()})]

    def close(self) -> None:
        """Let go of the store's files and connections."""
        self._stores.close()
