"""Defines worlds, so that parallel tests share a server without affecting each other.

Each world has its own models, clock and random draws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

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

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class World:
    """One isolated state of the service.

    ``machine`` returns the machine's time in nanoseconds. ``file_rules`` returns the canned rules of files, which apply
    to every world. ``base_models`` has the base models of the server by resource name.
    """

    name: str
    seed: int
    store: Store
    machine: Callable[[], int]
    file_rules: Callable[[], FileRules] = FileRules
    base_models: Mapping[str, BaseModel] = field(default_factory=lambda: BASE_MODELS)

    @property
    def controls(self) -> Controls:
        """The present controls, which are all of the state except the resources."""
        return self.store.controls()

    def change(self, change: Callable[[Controls], Controls]) -> Controls:
        """Replace the controls with ``change(controls)``, and return the new controls.

        No request waits for another: if the controls changed in the meantime, this method calls *change* again.
        """
        return self.change_with(lambda controls: (change(controls), None))[0]

    def change_with(self, change: Callable[[Controls], tuple[Controls, T]]) -> tuple[Controls, T]:
        """Replace the controls with the first item of ``change(controls)``, and return both items.

        If the controls changed in the meantime, this method calls *change* again.
        """
        while True:
            old = self.store.controls()
            new, result = change(old)
            if new is old or self.store.replace_controls(old, new):
                return new, result

    def now(self) -> int:
        """Return the world's time in nanoseconds, cut to a microsecond, the resolution of creation times."""
        return self.controls.clock.now(self.machine()) // MICROSECOND * MICROSECOND

    def advance_on_poll(self, plan: Plan, now: int) -> int:
        """Move the clock for a poll of *plan*, and return the moment that the caller sees.

        If nothing of the run changes any more at *now*, the clock does not move.
        """
        if view.is_settled(plan, now):
            return now
        self.change(lambda controls: _with_clock(controls, controls.clock.after_poll(plan.total_duration)))
        return self.now()

    def draw(self) -> int:
        """Return the next number of the world's sequence, from 1. No two calls return the same number."""
        return self.store.draw()


def _with_clock(controls: Controls, clock: Clock) -> Controls:
    return controls if clock is controls.clock else replace(controls, clock=clock)


@dataclass(frozen=True, slots=True)
class InitialStates:
    """The states with which worlds begin: those in ``by_name`` by name, and ``default`` for all other worlds."""

    default: State
    by_name: Mapping[str, State] = field(default_factory=dict)

    def get(self, name: str, machine: int, world_clock: Clock | None = None) -> State:
        """Return the initial state of the world called *name*, if it begins at the machine's time *machine*.

        With *world_clock*, its faults are armed on that clock, which a running world has, and not on its own.
        """
        return self.by_name.get(name, self.default).start(machine, world_clock)


class Worlds:
    """The worlds of one server. Each is created in *stores* at its first use."""

    def __init__(
        self,
        seed: int,
        machine: Callable[[], int],
        initial_states: InitialStates,
        stores: Stores,
        file_rules: Callable[[], FileRules] = FileRules,
        base_models: Mapping[str, BaseModel] = BASE_MODELS,
    ) -> None:
        self.machine = machine
        self.base_models = base_models
        self.kind = stores.kind
        self._seed = seed
        self._initial_states = initial_states
        self._stores = stores
        self._file_rules = file_rules

    def get(self, name: str) -> World:
        """Return the world called *name*, and create it if it does not exist."""
        store = self._stores.open(
            name, lambda: (random_draws.bits(self._seed, "world", name), self.initial_state(name))
        )
        return World(name, store.seed, store, self.machine, self._file_rules, self.base_models)

    def initial_state(self, name: str, world_clock: Clock | None = None) -> State:
        """Return the state with which the world called *name* would begin now, with its faults on *world_clock*."""
        return self._initial_states.get(name, self.machine(), world_clock)

    def drop(self, name: str) -> None:
        """Remove the world called *name*. Its next use creates a new one."""
        self._stores.drop(name)

    def names(self) -> list[str]:
        """Return the names of the existing worlds, sorted. The name of the default world is empty."""
        return self._stores.names()

    def all(self) -> list[World]:
        """Return the default world, and all other existing worlds in the order of their names."""
        return [self.get(name) for name in sorted({DEFAULT_WORLD, *self.names()})]

    def close(self) -> None:
        """Close the files and connections of the stores."""
        self._stores.close()
