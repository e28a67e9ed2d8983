"""Defines the stored record of a tuned model. It has inputs only; the progress is computed from its ``plan``.

A model and its permissions are one record, because they end together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property, lru_cache
from hashlib import blake2b

import msgspec

from ..runs.plan import Plan
from ..text.numerals import successor

MAX_CHECKED_EXAMPLES = 200  # a model may have tens of thousands, and reading number words takes 0.25 ms each time


class Role(IntEnum):
    """The enum Permission.Role. A role may do everything that a role with a larger number may do."""

    OWNER = 1
    WRITER = 2
    READER = 3


class GranteeType(IntEnum):
    """The enum Permission.GranteeType."""

    USER = 1
    GROUP = 2
    EVERYONE = 3


@dataclass(frozen=True, slots=True)
class Permission:
    """The permission of a user, of a group or of everyone for a tuned model. ``email`` is empty for everyone."""

    id: str
    grantee_type: GranteeType
    email: str
    role: Role


class _Content:
    """Inputs and outputs in order, with values that are computed from them once."""

    def __init__(self, pairs: tuple[tuple[str, str], ...]) -> None:
        self.pairs = pairs

    @cached_property
    def outputs(self) -> dict[str, str]:
        return dict(reversed(self.pairs))

    @cached_property
    def are_successors(self) -> bool:
        checked = self.pairs[:MAX_CHECKED_EXAMPLES]
        return bool(checked) and all(successor(number) == output for number, output in checked)


@lru_cache(maxsize=32)
def _parse(data: bytes) -> _Content:
    return _Content(msgspec.json.decode(data, type=tuple[tuple[str, str], ...]))


class Examples:
    """The training examples, which are inputs with their expected outputs. Equal digests mean equal examples.

    They are kept as JSON, which is small, and are parsed when they are used, because most calls do not use them.
    ``lazy`` returns examples that are also read only when they are used.
    """

    __slots__ = ("_digest", "_source")

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._digest = ""
        self._source: bytes | Callable[[], bytes] = msgspec.json.encode(tuple(pairs))

    @classmethod
    def lazy(cls, digest: str, read: Callable[[], bytes]) -> Examples:
        """Return the examples with this *digest*. Every use of their content calls *read*, which returns ``json``."""
        examples = cls(())
        examples._digest = digest
        examples._source = read
        return examples

    @property
    def json(self) -> bytes:
        """The inputs and outputs in order, as a JSON array of arrays in UTF-8."""
        return self._source if isinstance(self._source, bytes) else self._source()

    @property
    def digest(self) -> str:
        """The hash of the content, which names it. Different contents have different digests."""
        if not self._digest:
            self._digest = blake2b(self.json, digest_size=16).hexdigest()
        return self._digest

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The inputs and outputs in order."""
        return _parse(self.json).pairs

    @property
    def outputs(self) -> dict[str, str]:
        """The output of each input. If an input occurs twice, its first output counts."""
        return _parse(self.json).outputs

    @property
    def are_successors(self) -> bool:
        """Whether there are examples, and the first ``MAX_CHECKED_EXAMPLES`` are all numbers with their successors."""
        return _parse(self.json).are_successors

    def __eq__(self, other: object) -> bool:
        """Return whether *other* has the same pairs, by the digest."""
        return isinstance(other, Examples) and self.digest == other.digest

    def __hash__(self) -> int:
        """Return the hash of the digest, which agrees with ``==``."""
        return hash(self.digest)

    def __repr__(self) -> str:
        """Show the digest only, because the pairs may have megabytes."""
        return f"Examples({self.digest})"


@dataclass(frozen=True, slots=True)
class TunedModelRecord:
    """One tuned model, as the client requested it.

    ``sequence`` orders the models of a world by creation. ``version`` is the API version of the create call; the types
    of the operation keep its name. ``source`` is the tuned model from which this one was tuned, or empty.
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
        """The resource name of the model."""
        return f"tunedModels/{self.id}"

    @property
    def operation_name(self) -> str:
        """The resource name of the operation that creates it."""
        return f"{self.name}/operations/{self.operation_id}"
