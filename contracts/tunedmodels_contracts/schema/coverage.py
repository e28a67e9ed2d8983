"""Computes how much of the API was seen in answers, by methods, outcomes, members, enum values and error statuses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from .observed import ApiCoverage as ApiCoverage
from .surface import VERSIONS, Message, Surface, Type, surface

if TYPE_CHECKING:
    from ..clauses.clause import Clause


@dataclass(frozen=True, slots=True)
class Share:
    """The names of one kind of thing (*what*): those that were *seen*, and those that are *missing*."""

    what: str
    seen: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def total(self) -> int:
        """The number of all names."""
        return len(self.seen) + len(self.missing)


def coverage(seen: ApiCoverage, clauses: Iterable[Clause]) -> tuple[Share, ...]:
    """Return how much of the API was seen, and how many of the outcomes that *clauses* name.

    The members and values are those that an answer can have, also an error, if its method is of tunedModels, of
    operations, or reads base models. The outcome of a clause counts as seen if one of its methods had it, because the
    other methods only lead there.
    """
    methods, members, values, statuses = _all_names()
    # Only a path that no method has gives an outcome without a status name.
    clause_outcomes = [
        [(method, outcome) for method in one.methods for outcome in one.named_outcomes]
        for one in clauses
        if one.named_outcomes
    ]
    unseen = {pairs[-1] for pairs in clause_outcomes if not seen.outcomes.intersection(pairs)}
    return (
        _share("methods", methods, {method for method, _ in seen.outcomes}),
        Share("outcomes", _as_texts(seen.outcomes), _as_texts(unseen)),
        _share("members", members, seen.members),
        _share("enum values", values, seen.values),
        _share("error statuses", statuses, seen.statuses),
    )


@cache
def _all_names() -> tuple[frozenset[str], ...]:
    methods: set[str] = set()
    members: set[str] = set()
    values: set[str] = set()
    statuses: set[str] = set()
    for version in VERSIONS:
        schema = surface(version)
        statuses |= set(schema.http) - {"OK"}
        for method in schema.methods.values():
            methods.add(method.id)
            if method.id.startswith(("tunedModels.", "operations.", "models.get", "models.list")):
                for message in [*_reached(schema, method.response), *_reached(schema, "ErrorAnswer")]:
                    answer_members = [member for member in message.members.values() if member.direction != "request"]
                    members |= {f"{message.name}.{member.name}" for member in answer_members}
                    types = {type_ for member in answer_members for type_ in _nested_types(member.type)}
                    enums = {type_.name for type_ in types if type_.kind == "enum"}
                    # The first value of an enum means that it is not set, so no answer has it.
                    values |= {f"{enum} {name}" for enum in enums for name in list(schema.enums[enum])[1:]}
    return frozenset(methods), frozenset(members), frozenset(values), frozenset(statuses)


def _reached(schema: Surface, name: str) -> Iterator[Message]:
    visited: set[str] = set()
    pending = [name]
    while pending:
        name = pending.pop()
        if name in visited or name not in schema.messages:
            continue
        visited.add(name)
        yield schema.messages[name]
        for member in schema.messages[name].members.values():
            pending.extend(type_.name for type_ in _nested_types(member.type) if type_.kind == "message")
            pending.extend(member.allowed or ())


def _nested_types(type_: Type) -> Iterator[Type]:
    yield type_
    if type_.item_type is not None:
        yield from _nested_types(type_.item_type)


def _share(what: str, names: Iterable[str], seen: Iterable[str]) -> Share:
    all_names, seen_names = set(names), set(seen)
    return Share(what, tuple(sorted(all_names & seen_names)), tuple(sorted(all_names - seen_names)))


def _as_texts(outcomes: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(" ".join(outcome) for outcome in sorted(outcomes))
