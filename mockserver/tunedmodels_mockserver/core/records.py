"""Records: what is kept of a tuned model. Inputs only; progress is computed from ``plan``.

A model and its permissions are one record, since they live and die together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

from .lro import Plan
from .numerals import successor

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


@dataclass(frozen=True)
class Examples:
    """The training examples: inputs and the outputs expected for them."""

    pairs: Sequence[tuple[str, str]]

    @cached_property
    def outputs(self) -> dict[str, str]:
        """The output of each input; the first counts where an input comes twice."""
        return dict(reversed(self.pairs))

    @cached_property
    def count_up(self) -> bool:
        """Whether the examples, as far as they are looked at, are numbers and their successors."""
        looked_at = self.pairs[:EXAMPLES_LOOKED_AT]
        return bool(looked_at) and all(successor(number) == following for number, following in looked_at)


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
