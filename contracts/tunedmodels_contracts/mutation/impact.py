"""Determines which clauses a mutant can affect, from the exchanges of a run without it.

Other clauses do not run again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .mutant import Mutant
from .request import MutantRequest
from .response import MutantResponse

Exchanges = Sequence[tuple[MutantRequest, MutantResponse]]


@dataclass(frozen=True)
class Baseline:
    """The exchanges of a run without a mutant: *exchanges* by part of the session, and the *parts* of each clause.

    Clauses share some parts: runs that several clauses use.
    """

    exchanges: Mapping[str, Exchanges]
    parts: Mapping[str, frozenset[str]]

    def affected_clauses(self, mutant: Mutant) -> frozenset[str]:
        """Return the clauses that *mutant* can affect. All other clauses have the same exchanges as without it.

        A stateful mutant can affect all clauses, because its behaviour depends on earlier requests.
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
    """The mutant sends another request than the recorded one."""


def _changes_answer(mutant: Mutant, request: MutantRequest, response: MutantResponse) -> bool:
    def send(asked: MutantRequest) -> MutantResponse:
        if asked is not request:
            raise _OtherRequestError
        return MutantResponse(response.status, [*response.headers], response.text)

    try:
        return mutant.new_handler()(request, send) != response
    except Exception:  # the mutant has an effect; the trial shows what is wrong with it
        return True
