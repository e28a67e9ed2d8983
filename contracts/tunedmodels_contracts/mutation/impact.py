"""Touch: which clauses a mutant can have an effect on, told from what they were answered without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .mutant import Mutant
from .request import Ask
from .response import Reply

Heard = Sequence[tuple[Ask, Reply]]


@dataclass(frozen=True)
class Untouched:
    """What was asked and answered behind no mutant: *heard* by part of the session, and which *parts* a clause has.

    Clauses share some parts, the runs that are made for several of them.
    """

    heard: Mapping[str, Heard]
    parts: Mapping[str, frozenset[str]]

    def touched(self, mutant: Mutant) -> frozenset[str]:
        """Return the clauses that *mutant* may do something to: the others are asked and answered as without it.

        One that remembers may do something to all, for what it does depends on who has asked before.
        """
        if mutant.remembers:
            return frozenset(self.parts)
        changed = {part for part, heard in self.heard.items() if any(_changes(mutant, *one) for one in heard)}
        return frozenset(clause for clause, parts in self.parts.items() if parts & changed)


class _AskedOtherwise(Exception):
    """The mutant asks something that nobody has asked."""


def _changes(mutant: Mutant, ask: Ask, reply: Reply) -> bool:
    def send(asked: Ask) -> Reply:
        if asked is not ask:
            raise _AskedOtherwise
        return Reply(reply.status, [*reply.headers], reply.text)

    try:
        return mutant.make()(ask, send) != reply
    except Exception:  # it does something, and what is wrong with it shows in the trial
        return True
