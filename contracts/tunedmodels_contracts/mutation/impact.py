"""Touch: which clauses a mutant can have an effect on, told from what they were answered without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .mutant import Mutant
from .request import MutantRequest
from .response import MutantResponse

Exchanges = Sequence[tuple[MutantRequest, MutantResponse]]


@dataclass(frozen=True)
class Baseline:
    """What was asked and answered behind no mutant: *exchanges* by part of the session, and which *parts* a clause has.

    Clauses share some parts, the runs that are made for several of them.
    """

    exchanges: Mapping[str, Exchanges]
    parts: Mapping[str, frozenset[str]]

    def affected_clauses(self, mutant: Mutant) -> frozenset[str]:
        """Return the clauses that *mutant* may do something to: the others are asked and answered as without it.

        One that remembers may do something to all, for what it does depends on who has asked before.
        """
        if mutant.is_stateful:
            return frozenset(self.parts)
        changed = {
            part
            for part, exchanges in self.exchanges.items()
            if any(_changes_answer(mutant, *one) for one in exchanges)
        }
        return frozenset(clause for clause, parts in self.parts.items() if parts & changed)


class _OtherRequestError(Exception):
    """The mutant asks something that nobody has asked."""


def _changes_answer(mutant: Mutant, request: MutantRequest, response: MutantResponse) -> bool:
    def send(asked: MutantRequest) -> MutantResponse:
        if asked is not request:
            raise _OtherRequestError
        return MutantResponse(response.status, [*response.headers], response.text)

    try:
        return mutant.new_handler()(request, send) != response
    except Exception:  # it does something, and what is wrong with it shows in the trial
        return True
