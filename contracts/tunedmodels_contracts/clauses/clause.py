"""A clause: one sentence of the contract, as a pytest test with a stable name."""

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
_OUTCOME = re.compile(r"[1-5]\d\d( [A-Z_]+)?")


class Level(Enum):
    """What a server that breaks a clause is."""

    REQUIRED = "required"  # not this API
    RECOMMENDED = "recommended"  # this API as no source shows it, so that clients may stumble
    OPTIONAL = "optional"  # this API as it was seen in some years


class Cost(Enum):
    """What checking a clause costs on the real service."""

    FREE = "free"  # a request that is refused before it does anything
    REQUEST = "request"  # requests that make nothing
    TUNING = "tuning"  # a model


class Need(Enum):
    """What a target must have for a clause to be checked on it."""

    CREDENTIALS_JUDGED = "credentials-judged"  # it refuses bad credentials
    SECOND_CALLER = "second-caller"  # there are credentials of somebody else
    TUNABLE_MODEL = "tunable-model"  # there is a base model that can be tuned
    FAILING_RUN = "failing-run"  # a run can be made to fail


@dataclass(frozen=True)
class Clause:
    """The name of a clause, the methods (ids of the discovery document) that it is about, and how it is weighed.

    ``outcome`` is how the service answers them: an HTTP status and the name of its code, or the status alone
    where no envelope comes with it, as on a path that there is not.

    Raises ValueError for a name that is no path of lower-case words, and for an outcome of another form.
    """

    name: str
    methods: tuple[str, ...]
    outcome: str = OK
    level: Level = Level.REQUIRED
    cost: Cost = Cost.REQUEST
    needs: frozenset[Need] = frozenset()

    def __post_init__(self) -> None:
        """Refuse names that would not sort, or not stay."""
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"a clause's name is a path such as operations/done-is-absorbing; {self.name!r} is not")
        if not self.methods:
            raise ValueError(f"the clause {self.name} names no method")
        if not _OUTCOME.fullmatch(self.outcome):
            raise ValueError(f"an outcome is like 404 NOT_FOUND; {self.outcome!r} of {self.name} is not")


def clause(
    name: str,
    *methods: str,
    outcome: str = OK,
    level: Level = Level.REQUIRED,
    cost: Cost = Cost.REQUEST,
    needs: Iterable[Need] = (),
) -> pytest.MarkDecorator:
    """Mark a test as the clause *name*: *methods* have *outcome*. What tunes needs a model that can be tuned."""
    mark: Any = getattr(pytest.mark, MARK)
    needed = frozenset(needs) | ({Need.TUNABLE_MODEL} if cost is Cost.TUNING else frozenset())
    decorator: pytest.MarkDecorator = mark(Clause(name, methods, outcome, level, cost, needed))
    return decorator


def clause_of(item: pytest.Item) -> Clause | None:
    """Return the clause that a collected test is, or None."""
    mark = item.get_closest_marker(MARK)
    return mark.args[0] if mark and mark.args and isinstance(mark.args[0], Clause) else None
