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
VERSION = 1

_WHAT_TO_DO = "Write it anew with --export-on-exit or GET /_emulator/state, or leave it out"


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

    def keep(part: Examples) -> None:
        examples[part.digest] = list(part.pairs)

    told = {name: _World(state.base.draws, list(state.base.models()), state.controls) for name, state in worlds.items()}
    document = {"format": FORMAT, "version": VERSION, "worlds": msgspec.Raw(encode(told, keep)), "examples": examples}
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def read(data: bytes) -> dict[str, WorldContent]:
    """Return the worlds in the state file *data*, by name.

    Raises BadInput for an invalid file. The message says where it does not fit and what to do.
    """
    try:
        head = msgspec.json.decode(data, type=_Head)
        _check_head(head)
        known = {digest: Examples(pairs) for digest, pairs in _pairs(head.examples).items()}

        def find(digest: str) -> Examples:
            if digest not in known:
                raise ValueError(f"there are no examples {digest!r} in the file")
            return known[digest]

        document = decode(data, _Document, find)
    except msgspec.ValidationError as error:
        raise BadInput(f"{error}. {_WHAT_TO_DO}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadInput(f"It is no JSON, or only the beginning of one: {error}. {_WHAT_TO_DO}.") from None
    refuse_unknown(msgspec.json.decode(data), _Document)
    if not document.worlds:
        raise BadInput(f"It has no world. {_WHAT_TO_DO}.")
    for name, world in document.worlds.items():
        _check(f"$.worlds[{name!r}]", world)
    return {
        name: WorldContent(Base.of(world.models, world.draws), world.controls)
        for name, world in document.worlds.items()
    }


def check_base_models(worlds: Mapping[str, WorldContent], known: Collection[str]) -> None:
    """Raise BadInput if a model of *worlds* was tuned on a base model that is not among the *known* names."""
    for name, content in worlds.items():
        for number, record in enumerate(content.base.models()):
            if record.base_model not in known:
                near = nearest(record.base_model, list(known))
                place = f"`$.worlds[{name!r}].models[{number}]`"
                raise BadInput(
                    f"This server has no base model {record.base_model!r}{near} - at {place}. "
                    "Start it with --base-model and that name, or leave the model out."
                )


def _check_head(head: _Head) -> None:
    if head.format != FORMAT:
        raise BadInput(f"Its member format is {head.format!r}, where a state of the mock server has {FORMAT!r}.")
    if head.version != VERSION:
        newer = isinstance(head.version, int) and head.version > VERSION
        advice = "Read it with the newer mock server that wrote it" if newer else _WHAT_TO_DO
        raise BadInput(f"It is of version {head.version!r} of the format, and this server reads {VERSION}. {advice}.")


def _pairs(examples: Any) -> dict[str, list[tuple[str, str]]]:
    return msgspec.convert({} if examples is None else examples, dict[str, list[tuple[str, str]]])


def _check(place: str, world: _World) -> None:
    """Raise BadInput for models that no server creates, because they would cause errors much later."""
    ids: set[str] = set()
    sequences: set[int] = set()
    for number, record in enumerate(world.models):
        here = f"at `{place}.models[{number}]`. {_WHAT_TO_DO}."
        if record.id in ids or not record.id:
            raise BadInput(f"The id {record.id!r} is empty or there twice, {here}")
        if record.sequence in sequences or not 0 < record.sequence <= world.draws:
            raise BadInput(f"The sequence {record.sequence} is there twice, or not from 1 to {world.draws}, {here}")
        if sum(grant.role is Role.OWNER for grant in record.permissions) != 1:
            raise BadInput(f"There must be one permission with the role {Role.OWNER:d}, the owner's, {here}")
        plan = record.plan
        if min(plan.total_steps, plan.curve.examples, plan.curve.batch_size) < 1 or plan.curve.learning_rate <= 0:
            raise BadInput(f"A run has steps, examples, a batch size and a learning rate of more than 0, {here}")
        if not (0 <= plan.created <= END and plan.queue >= 0 and plan.length >= 0):
            raise BadInput(f"A run is created in 1970 to 2255 and takes no less than no time, {here}")
        ids.add(record.id)
        sequences.add(record.sequence)
