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
    def whole(self) -> int:
        """The number of all names."""
        return len(self.seen) + len(self.missing)


def coverage(seen: ApiCoverage, clauses: Iterable[Clause]) -> tuple[Share, ...]:
    """Return how much of the API was seen, and how many of the outcomes that *clauses* name.

    The members and values are those that an answer can have, also an error, if its method is of tunedModels, of
    operations, or reads base models. The outcome of a clause counts as seen if one of its methods had it, because the
    other methods only lead there.
    """
    methods, members, values, statuses = _whole()
    # Only a path that no method has gives an outcome without a status name.
    named = [[(method, one.outcome) for method in one.methods] for one in clauses if " " in one.outcome]
    unseen = {pairs[-1] for pairs in named if not seen.outcomes.intersection(pairs)}
    return (
        _share("methods", methods, {method for method, _ in seen.outcomes}),
        Share("outcomes", _spelled(seen.outcomes), _spelled(unseen)),
        _share("members", members, seen.members),
        _share("enum values", values, seen.values),
        _share("error statuses", statuses, seen.statuses),
    )


@cache
def _whole() -> tuple[frozenset[str], ...]:
    methods: set[str] = set()
    members: set[str] = set()
    values: set[str] = set()
    statuses: set[str] = set()
    for version in VERSIONS:
        on = surface(version)
        statuses |= set(on.http) - {"OK"}
        for method in on.methods.values():
            methods.add(method.id)
            if method.id.startswith(("tunedModels.", "operations.", "models.get", "models.list")):
                for message in [*_reached(on, method.response), *_reached(on, "ErrorAnswer")]:
                    shown = [member for member in message.members.values() if member.only != "request"]
                    members |= {f"{message.name}.{member.name}" for member in shown}
                    enums = {type_.name for member in shown for type_ in _parts(member.type) if type_.kind == "enum"}
                    # The first value of an enum means that it is not set, so no answer has it.
                    values |= {f"{enum} {name}" for enum in enums for name in list(on.enums[enum])[1:]}
    return frozenset(methods), frozenset(members), frozenset(values), frozenset(statuses)


def _reached(on: Surface, name: str) -> Iterator[Message]:
    done: set[str] = set()
    ahead = [name]
    while ahead:
        name = ahead.pop()
        if name in done or name not in on.messages:
            continue
        done.add(name)
        yield on.messages[name]
        for member in on.messages[name].members.values():
            ahead.extend(type_.name for type_ in _parts(member.type) if type_.kind == "message")
            ahead.extend(member.of or ())


def _parts(type_: Type) -> Iterator[Type]:
    yield type_
    if type_.of is not None:
        yield from _parts(type_.of)


def _share(what: str, whole: Iterable[str], seen: Iterable[str]) -> Share:
    whole, found = set(whole), set(seen)
    return Share(what, tuple(sorted(whole & found)), tuple(sorted(whole - found)))


def _spelled(outcomes: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(" ".join(outcome) for outcome in sorted(outcomes))
