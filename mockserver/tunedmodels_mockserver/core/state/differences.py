"""Computes the differences between two states of a world, with added and removed models and changed members."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from .codec import encode
from .records import TunedModelRecord
from .store import State

_MISSING = "nothing"
# Times of the machine say nothing about the world.
_MACHINE_TIME = re.compile(r"clock\.origin|faults\[\d+\]\.armed_at_machine")


class Change(msgspec.Struct, frozen=True):
    """A change of the member at ``path``. A value that is absent ``before`` or ``after`` is ``null``, too."""

    path: str
    before: Any
    after: Any


class ModelChanges(msgspec.Struct, frozen=True):
    """A tuned model that is in both states, with its changes."""

    model: str
    changes: list[Change]


class Difference(msgspec.Struct, frozen=True):
    """The differences between two states. Models are given by their ids, in order of creation.

    ``draws`` is the number of draws that the world made from one state to the other.
    """

    added: list[str]
    removed: list[str]
    changed: list[ModelChanges]
    controls: list[Change]
    draws: int

    @property
    def text(self) -> str:
        """The differences as text for people, a line for each."""
        lines = [f"+ {model}" for model in self.added] + [f"- {model}" for model in self.removed]
        lines += [_line(f"~ {item.model}", change) for item in self.changed for change in item.changes]
        lines += [_line("~ controls", change) for change in self.controls]
        return "\n".join(lines or ["no difference"]) + "\n"


def difference(before: State, after: State) -> Difference:
    """Return the differences from the state *before* to the state *after*."""
    old, new = before.base, after.base
    both = [record.id for record in new.order if record.id in old.records]
    # Skip identical objects: two states of a large world share nearly all records.
    candidates = [model for model in both if old.records[model] is not new.records[model]]
    changed = [ModelChanges(model, _changes(old.records[model], new.records[model])) for model in candidates]
    return Difference(
        added=[record.id for record in new.order if record.id not in old.records],
        removed=[record.id for record in old.order if record.id not in new.records],
        changed=[item for item in changed if item.changes],
        controls=[
            change for change in _changes(before.controls, after.controls) if not _MACHINE_TIME.fullmatch(change.path)
        ],
        draws=new.draws - old.draws,
    )


def _changes(before: Any, after: Any) -> list[Change]:
    return list(_compare(_plain(before), _plain(after), ""))


def _plain(value: TunedModelRecord | Any) -> Any:
    return msgspec.json.decode(encode(value, lambda _examples: None))


def _compare(before: Any, after: Any, path: str) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(name for name in after if name not in before)]:
            yield from _compare(before.get(name), after.get(name), f"{path}.{name}" if path else name)
    elif isinstance(before, list) and isinstance(after, list):
        for place in range(max(len(before), len(after))):
            old, new = (part[place] if place < len(part) else None for part in (before, after))
            yield from _compare(old, new, f"{path}[{place}]")
    elif before != after:
        yield Change(path, before, after)


def _line(head: str, change: Change) -> str:
    before, after = (_MISSING if side is None else json.dumps(side) for side in (change.before, change.after))
    return f"{head} {change.path}: {before} -> {after}"
