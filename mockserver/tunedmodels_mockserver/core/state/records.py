"""Records: what is kept of a tuned model. Inputs only; progress is computed from ``plan``.

A model and its permissions are one record, since they live and die together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from hashlib import blake2b

import msgspec

from ..runs.plan import Plan
from ..text.numerals import successor

EXAMPLES_LOOKED_AT = 200  # of tens of thousands; reading a number in words takes a quarter of a millisecond


class Role(IntEnum):
    """Permission.Role; a smaller number may do all that a larger one may."""

    OWNER = 1
    WRITER = 2
    READER = 3


class GranteeType(IntEnum):
    """Permission.GranteeType."""

    USER = 1
    GROUP = 2
    EVERYONE = 3


@dataclass(frozen=True, slots=True)
class Permission:
    """Somebody's right to a tuned model; ``email`` is empty for everyone."""

    id: str
    grantee_type: GranteeType
    email: str
    role: Role


class _Pairs:
    """Inputs and outputs in order, and what follows from them."""

    def __init__(self, pairs: tuple[tuple[str, str], ...]) -> None:
        self.pairs = pairs

    @cached_property
    def digest(self) -> str:
        return blake2b(msgspec.json.encode(self.pairs), digest_size=16).hexdigest()

    @cached_property
    def outputs(self) -> dict[str, str]:
        return dict(reversed(self.pairs))

    @cached_property
    def count_up(self) -> bool:
        looked_at = self.pairs[:EXAMPLES_LOOKED_AT]
        return bool(looked_at) and all(successor(number) == following for number, following in looked_at)


class Examples:
    """The training examples: inputs and the outputs expected for them. Two with the same digest are equal.

    ``later`` makes one that reads them when they are asked for: a look at a model needs none.
    """

    __slots__ = ("_digest", "_read")

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        content = _Pairs(tuple(pairs))
        self._digest = ""
        self._read: Callable[[], _Pairs] = lambda: content

    @classmethod
    def later(cls, digest: str, read: Callable[[], Examples]) -> Examples:
        """Return the examples with this *digest*. Whenever they are asked for, *read* gives them."""
        made = cls(())
        made._digest = digest
        made._read = lambda: read()._read()
        return made

    @property
    def digest(self) -> str:
        """The name of this content; another content has another."""
        return self._digest or self._read().digest

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The inputs and outputs in order."""
        return self._read().pairs

    @property
    def outputs(self) -> dict[str, str]:
        """The output of each input; the first counts where an input comes twice."""
        return self._read().outputs

    @property
    def count_up(self) -> bool:
        """Whether the examples, as far as they are looked at, are numbers and their successors."""
        return self._read().count_up

    def __eq__(self, other: object) -> bool:
        """Whether *other* has the same pairs."""
        return isinstance(other, Examples) and self.digest == other.digest

    def __hash__(self) -> int:
        """Agree with ``==``."""
        return hash(self.digest)

    def __repr__(self) -> str:
        """Tell the digest; the pairs may be megabytes."""
        return f"Examples({self.digest})"


@dataclass(frozen=True, slots=True)
class TunedModelRecord:
    """One tuned model as it was asked for.

    ``sequence`` orders a world's models by creation. ``version`` is the API version of the create call, which
    names the operation's types for good. ``source`` is the tuned model it was tuned from, or empty.
    """

    id: str
    sequence: int
    version: str
    operation_id: str
    permissions: tuple[Permission, ...]
    display_name: str
    description: str
    base_model: str
    source: str
    temperature: float
    top_p: float
    top_k: int
    reader_project_numbers: tuple[int, ...]
    epoch_count: int
    batch_size: int
    learning_rate: float
    examples: Examples
    plan: Plan

    @property
    def name(self) -> str:
        """The resource name."""
        return f"tunedModels/{self.id}"

    @property
    def operation_name(self) -> str:
        """The resource name of the operation that made it."""
        return f"{self.name}/operations/{self.operation_id}"
