"""Builds the initial states of worlds from state files and from short lists of models that users write by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Literal

import msgspec

from ...wire.status import StatusError
from ..base_models import BASE_MODELS, BaseModel, parse
from ..callers.identity import Caller
from ..clock import Clock
from ..methods import create_request, ids
from ..methods.permissions import EVERYONE
from ..methods.request_context import RequestContext
from ..runs.plan import Plan
from ..state.controls import Controls
from ..state.file import WorldContent, check_base_models
from ..state.memory import MemoryStore
from ..state.records import GranteeType, Permission, Role, TunedModelRecord
from ..state.store import Base, State
from ..state.worlds import InitialStates, World
from ..strict_input import BadInput
from ..world_names import DEFAULT_WORLD


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One training example."""

    input: str
    output: str


class Grant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A permission in the short form, besides the owner's. Exactly one of ``user``, ``group`` and ``everyone`` is set.

    ``user`` and ``group`` are e-mail addresses.
    """

    user: str = ""
    group: str = ""
    everyone: bool = False
    role: Literal["READER", "WRITER"] = "READER"


class Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A tuned model in the short form. ``percent`` of its run is over when the world begins.

    It is 100 for an ACTIVE model, and from 0 (the default) to below 100 for a CREATING one.
    """

    id: str
    base_model: str = "models/gemini-1.0-pro-001"
    display_name: str = ""
    description: str = ""
    state: Literal["CREATING", "ACTIVE"] = "ACTIVE"
    percent: float | None = None
    examples: list[Example] = []
    epoch_count: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    owner: str = Caller().email
    permissions: list[Grant] = []


class Models(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A short list of models, and of base models that the server has besides its own.

    A string for a base model has the form of the option ``--base-model``.
    """

    models: list[Model] = []
    base_models: list[BaseModel | str] = []

    def added_base_models(self) -> tuple[BaseModel, ...]:
        """Return the base models of the list. Raises BadInput for an invalid string."""
        return tuple(parse(item) if isinstance(item, str) else item for item in self.base_models)


class Preload(msgspec.Struct, frozen=True):
    """The content of a preload's files: worlds by name, models for every world, and base models for the server.

    With ``resume``, a world of a file continues from the moment at which it was written, as if no time had passed.
    """

    worlds: Mapping[str, WorldContent] = msgspec.field(default_factory=dict)
    models: tuple[Model, ...] = ()
    base_models: tuple[BaseModel, ...] = ()
    resume: bool = False

    def initial_states(
        self, start: Controls, seed: int, machine: int, base_models: Mapping[str, BaseModel] = BASE_MODELS
    ) -> InitialStates:
        """Return the initial states of the worlds of a server. Without files they would have the controls *start*.

        A world in the files begins as they say. Every other world begins as their default world, or as their only one.
        A control that *start* sets wins over that of a file. *base_models* are all base models of the server. *machine*
        is the machine's time in nanoseconds. Raises BadInput for models that the server cannot have.
        """
        check_base_models(self.worlds, base_models)

        def state(content: WorldContent) -> State:
            return self._state(content, start, seed, machine, base_models)

        by_name = {name: state(content) for name, content in self.worlds.items()}
        single = next(iter(by_name.values())) if len(by_name) == 1 else None
        return InitialStates(by_name.get(DEFAULT_WORLD, single) or state(WorldContent(Base(), None)), by_name)

    def _state(
        self, content: WorldContent, start: Controls, seed: int, machine: int, base_models: Mapping[str, BaseModel]
    ) -> State:
        controls = start if content.controls is None else _merge_controls(start, content.controls)
        state = State(content.base, controls)
        if self.resume:
            state = state.pause()
        if not self.models:
            return state
        now = controls.clock.now(machine)
        clock = controls.clock if content.controls else replace(controls.clock, moment=now)
        scratch = replace(controls, clock=Clock(moment=now, origin=now))
        store = MemoryStore(seed, State(content.base, scratch))
        world = World(DEFAULT_WORLD, seed, store, lambda: now, base_models=base_models)
        return State(_with_models(world, content.base, self.models), replace(state.controls, clock=clock))


def _merge_controls(start: Controls, file: Controls) -> Controls:
    """Return the controls *file* of a world in a file, overridden by all members of *start* that are not defaults."""
    unset = Controls()
    overrides = {name: getattr(start, name) for name in _names() if getattr(start, name) != getattr(unset, name)}
    if "clock" in overrides and start.clock.moment is None:
        overrides["clock"] = replace(start.clock, moment=file.clock.moment, origin=None)
    return replace(file, **overrides)


def _names() -> list[str]:
    return [member.name for member in fields(Controls)]


def _with_models(world: World, base: Base, models: tuple[Model, ...]) -> Base:
    # The models get the checks and defaults of a create call, in a world that exists for this only.
    records = list(base.models())
    for number, model in enumerate(models):
        try:
            records.append(_record(world, model))
        except StatusError as error:
            raise BadInput(f"models[{number}], {model.id!r}: {error.status.message}") from None
        except BadInput as error:
            raise BadInput(f"models[{number}], {model.id!r}: {error}") from None
        if not world.store.insert(records[-1]):
            raise BadInput(f"models[{number}]: the id {model.id!r} is a duplicate; give each model its own id.")
    return Base.of(records, world.store.state().base.draws)


def _record(world: World, model: Model) -> TunedModelRecord:
    percent = model.percent
    if percent is None:
        percent = 100.0 if model.state == "ACTIVE" else 0.0
    if not 0 <= percent <= 100 or (percent == 100) != (model.state == "ACTIVE"):
        raise BadInput(
            f"percent must be 100 for an ACTIVE model, and from 0 to below 100 for a CREATING one, got {percent}."
        )
    if not model.id:
        raise BadInput("id is empty; give one, such as number-generator.")
    hyperparameters = {name: getattr(model, name) for name in ("epoch_count", "batch_size", "learning_rate")}
    task: dict[str, object] = {
        "hyperparameters": {name: value for name, value in hyperparameters.items() if value is not None}
    }
    if model.examples:
        rows = [{"text_input": example.input, "output": example.output} for example in model.examples]
        task["training_data"] = {"examples": {"examples": rows}}
    request = {"base_model": model.base_model, "description": model.description, "tuning_task": task}
    if model.display_name:
        request["display_name"] = model.display_name
    caller = Caller(email=model.owner)
    record = create_request.new_record(RequestContext(world, caller, "v1beta", world.now()), model.id, request)
    grants = tuple(_permission(grant) for grant in model.permissions)
    if len({grant.id for grant in (*record.permissions, *grants)}) <= len(grants):
        raise BadInput("permissions has a duplicate, or repeats the owner; name each user and group once.")
    return replace(record, permissions=record.permissions + grants, plan=_with_progress(record.plan, percent))


def _with_progress(plan: Plan, percent: float) -> Plan:
    """Return *plan* with an earlier creation, so that *percent* of the run is over at the original one."""
    elapsed = 0 if not percent else plan.queue + -(-plan.length * round(percent * 1000) // 100_000)
    return replace(plan, created=(plan.created - elapsed) // 1000 * 1000)


def _permission(grant: Grant) -> Permission:
    if sum(map(bool, (grant.user, grant.group, grant.everyone))) != 1:
        raise BadInput("A permission must set exactly one of user, group and everyone.")
    role = Role[grant.role]
    if grant.everyone:
        return Permission(EVERYONE, GranteeType.EVERYONE, "", role)
    kind = GranteeType.USER if grant.user else GranteeType.GROUP
    email = grant.user or grant.group
    return Permission(ids.permission_id(email), kind, email, role)
