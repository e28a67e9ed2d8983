"""Defines a clause, one checkable statement about the API, as a pytest test with a stable name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

import pytest

MARK = "clause"

OK = "200 OK"

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(/[a-z0-9]+(-[a-z0-9]+)*)+")
_ONE_OUTCOME = r"[1-5]\d\d( [A-Z_]+)?"
_OUTCOME = re.compile(rf"{_ONE_OUTCOME}( or {_ONE_OUTCOME})*|4xx")


class Level(Enum):
    """The weight of a clause, by what it says of a server that breaks the clause."""

    REQUIRED = "required"  # the server is not this API
    RECOMMENDED = "recommended"  # no source shows the API so, and clients may fail
    OPTIONAL = "optional"  # the API itself was so in some years


class Cost(Enum):
    """The cost of checking a clause on the real service."""

    FREE = "free"  # requests that are refused before they do anything
    REQUEST = "request"  # requests that create nothing
    TUNING = "tuning"  # at least one tuned model


class Need(Enum):
    """A capability that a target must have to check a clause."""

    CREDENTIALS_JUDGED = "credentials-judged"  # the target refuses bad credentials
    SECOND_CALLER = "second-caller"  # there are credentials of a second user
    TUNABLE_MODEL = "tunable-model"  # there is a base model that can be tuned
    FAILING_RUN = "failing-run"  # a run can be made to fail


@dataclass(frozen=True)
class Clause:
    """The name of a clause, its methods (ids of the discovery document), their outcome, and the weight, cost and needs
    of the clause.

    ``outcome`` is the answer of the methods: an HTTP status and the name of its code, or the status alone if the answer
    has no envelope, as on an unknown path. If sources show several outcomes, they are joined by "or". ``4xx`` means any
    error of the caller, because no source shows which. Raises ValueError for a name that is not a path of lower-case
    words, for a clause without methods, and for an outcome of another form.
    """

    name: str
    methods: tuple[str, ...]
    outcome: str = OK
    level: Level = Level.REQUIRED
    cost: Cost = Cost.REQUEST
    needs: frozenset[Need] = frozenset()

    @property
    def named_outcomes(self) -> tuple[str, ...]:
        """Each of the outcomes that has the name of a code."""
        return tuple(outcome for outcome in self.outcome.split(" or ") if " " in outcome)

    def __post_init__(self) -> None:
        """Check the name, the methods and the outcome."""
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is not a clause name; use a path such as operations/done-is-absorbing")
        if not self.methods:
            raise ValueError(f"the clause {self.name} has no method")
        if not _OUTCOME.fullmatch(self.outcome):
            raise ValueError(f"{self.outcome!r} of {self.name} is not an outcome; use a form such as 404 NOT_FOUND")


def clause(
    name: str,
    *methods: str,
    outcome: str = OK,
    level: Level = Level.REQUIRED,
    cost: Cost = Cost.REQUEST,
    needs: Iterable[Need] = (),
) -> pytest.MarkDecorator:
    """Mark a test as the clause *name*, by which *methods* have *outcome*. A clause that costs a tuning also needs a
    base model that can be tuned.
    """
    mark: Any = getattr(pytest.mark, MARK)
    all_needs = frozenset(needs) | ({Need.TUNABLE_MODEL} if cost is Cost.TUNING else frozenset())
    decorator: pytest.MarkDecorator = mark(Clause(name, methods, outcome, level, cost, all_needs))
    return decorator


def clause_of(item: pytest.Item) -> Clause | None:
    """Return the clause of the test *item*, or None."""
    mark = item.get_closest_marker(MARK)
    return mark.args[0] if mark and mark.args and isinstance(mark.args[0], Clause) else None
