"""Reads and writes state files, the versioned JSON that moves worlds between servers, stores and versions.

Each version of the format has one reader. A reader refuses files of another version and content that does not fit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import msgspec

from ..clock import END
from ..strict_input import BadInput, nearest, prepare
from .codec import decode, encode, refuse_unknown
from .controls import Controls
from .records import Examples, Role, TunedModelRecord
from .store import Base, State

FORMAT = "tunedmodels-state"
VERSION = 2

_ADVICE = "Write a new file with --export-on-exit or GET /_emulator/state, or leave this one out"


class WorldContent(NamedTuple):
    """The content of one world in a file. Without controls, those of the server apply."""

    base: Base
    controls: Controls | None


class _World(msgspec.Struct, forbid_unknown_fields=True):
    draws: int
    models: list[TunedModelRecord]
    controls: Controls | None = None


class _Document(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    version: int
    worlds: dict[str, _World]
    examples: dict[str, list[tuple[str, str]]] = {}


class _Head(msgspec.Struct):
    format: Any = None
    version: Any = None
    examples: Any = None


prepare(_Head, _Document)


def write(worlds: Mapping[str, State]) -> bytes:
    """Return *worlds*, states by the name of the world, as a state file in indented JSON."""
    examples: dict[str, list[tuple[str, str]]] = {}

    def add_examples(part: Examples) -> None:
        if part.digest not in examples:
            examples[part.digest] = list(part.pairs)

    documents = {
        name: _World(state.base.draws, list(state.base.models()), state.controls) for name, state in worlds.items()
    }
    document = {
        "format": FORMAT,
        "version": VERSION,
        "worlds": msgspec.Raw(encode(documents, add_examples)),
        "examples": examples,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def read(data: bytes) -> dict[str, WorldContent]:
    """Return the worlds in the state file *data*, by name.

    Raises BadInput for an invalid file. The message says where it does not fit and what to do.
    """
    try:
        head = msgspec.json.decode(data, type=_Head)
        _check_head(head)
        examples_by_digest = {digest: Examples(pairs) for digest, pairs in _pairs(head.examples).items()}

        def find_examples(digest: str) -> Examples:
            if digest not in examples_by_digest:
                raise ValueError(f"there are no examples {digest!r} in the file")
            return examples_by_digest[digest]

        document = decode(data, _Document, find_examples)
    except msgspec.ValidationError as error:
        raise BadInput(f"{error}. {_ADVICE}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"The file is not JSON, or it is cut off: {error}. {_ADVICE}.") from None
    refuse_unknown(msgspec.json.decode(data), _Document)
    if not document.worlds:
        raise BadInput(f"The file has no world. {_ADVICE}.")
    for name, world in document.worlds.items():
        _check(f"$.worlds[{name!r}]", world)
    return {
        name: WorldContent(Base.of(world.models, world.draws), world.controls)
        for name, world in document.worlds.items()
    }


def check_base_models(worlds: Mapping[str, WorldContent], base_models: Collection[str]) -> None:
    """Raise BadInput if a model of *worlds* was tuned on a base model that is not in *base_models*."""
    for name, content in worlds.items():
        for number, record in enumerate(content.base.models()):
            if record.base_model not in base_models:
                near = nearest(record.base_model, list(base_models))
                place = f"`$.worlds[{name!r}].models[{number}]`"
                raise BadInput(
                    f"This server has no base model {record.base_model!r}{near} - at {place}. "
                    "Start it with --base-model and that name, or leave the model out."
                )


def _check_head(head: _Head) -> None:
    if head.format != FORMAT:
        raise BadInput(f"The member format is {head.format!r}; in a state file of the mock server it is {FORMAT!r}.")
    if head.version != VERSION:
        newer = isinstance(head.version, int) and head.version > VERSION
        advice = "Read the file with the newer mock server that wrote it" if newer else _ADVICE
        raise BadInput(
            f"The file has version {head.version!r} of the format; this server reads version {VERSION}. {advice}."
        )


def _pairs(examples: Any) -> dict[str, list[tuple[str, str]]]:
    return msgspec.convert({} if examples is None else examples, dict[str, list[tuple[str, str]]])


def _check(place: str, world: _World) -> None:
    """Raise BadInput for models that no server creates, because they would cause errors much later."""
    ids: set[str] = set()
    sequences: set[int] = set()
    for number, record in enumerate(world.models):
        advice = f"at `{place}.models[{number}]`. {_ADVICE}."
        if record.id in ids or not record.id:
            raise BadInput(f"The id {record.id!r} is empty or a duplicate, {advice}")
        if record.sequence in sequences or not 0 < record.sequence <= world.draws:
            raise BadInput(f"The sequence {record.sequence} is a duplicate, or not from 1 to {world.draws}, {advice}")
        if sum(grant.role is Role.OWNER for grant in record.permissions) != 1:
            raise BadInput(f"There must be exactly one permission with the role {Role.OWNER:d}, the owner's, {advice}")
        plan = record.plan
        if min(plan.total_steps, plan.curve.examples, plan.curve.batch_size) < 1 or plan.curve.learning_rate <= 0:
            raise BadInput(f"The steps, examples, batch size and learning rate of a run must be more than 0, {advice}")
        if not (0 <= plan.created <= END and plan.queue >= 0 and plan.length >= 0):
            raise BadInput(f"A run must be created in 1970 to 2255, and its durations must not be negative, {advice}")
        ids.add(record.id)
        sequences.add(record.sequence)
