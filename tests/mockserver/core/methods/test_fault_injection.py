"""Tests the effect of the faults of a world on the answer of a method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tunedmodels_mockserver import create_app
from tunedmodels_mockserver.core.answers import Answer, Content, ScriptedPoll
from tunedmodels_mockserver.core.effects import Effect, Page, Slow
from tunedmodels_mockserver.core.faults.armed_faults import arm
from tunedmodels_mockserver.core.faults.fault import CREATE, Fault, FaultQuery
from tunedmodels_mockserver.core.methods import fault_injection
from tunedmodels_mockserver.core.methods.fault_injection import MethodFaults
from tunedmodels_mockserver.core.runs.script import Run
from tunedmodels_mockserver.core.state.worlds import World
from tunedmodels_mockserver.wire.status import Code, Status, StatusError

GET = "tunedModels.get"
MESSAGE = {"name": "tunedModels/x"}
SLOW = Effect(slow=Slow(bytes=1, pause=0.0))


@pytest.fixture
def world() -> World:
    """A world without faults."""
    default: World = create_app().extensions["tunedmodels"].get("default")
    return default


def answer(
    world: World,
    *faults: Fault,
    method: str = GET,
    own: Effect | None = None,
    perform: Callable[[MethodFaults], Any] = lambda _: MESSAGE,
) -> Answer:
    """Arm *faults* and return the answer to one call."""
    now, machine = world.now(), world.machine()
    world.change(lambda controls: replace(controls, faults=arm(controls.faults, faults, now, machine)))
    return fault_injection.answer(world, FaultQuery(method, "", "me@example.com", world.seed), own, now, perform)


def refuse(_faults: MethodFaults) -> Content:
    """Refuse the call, as a method does."""
    raise StatusError(Code.NOT_FOUND, "missing")


def counts(world: World) -> list[tuple[int, int]]:
    """Return how often each fault was considered, and how often it fired."""
    return [(item.matched, item.hits) for item in world.controls.faults]


def test_without_faults(world: World) -> None:
    """The answer is the method's: its message, or its refusal."""
    assert answer(world) == Answer(MESSAGE)
    assert answer(world, perform=refuse) == Answer(Status(Code.NOT_FOUND, "missing"))


@pytest.mark.parametrize(
    ("fault", "content"),
    [
        (Fault(error="INTERNAL"), Code.INTERNAL),
        (Fault(expired_token=True), Code.UNAUTHENTICATED),
        (Fault(page=Page()), Page()),
        (Fault(reset=True), None),
    ],
)
def test_faults_that_replace_the_method(world: World, fault: Fault, content: Content) -> None:
    """The method does not run."""
    result = answer(world, fault, perform=lambda _: pytest.fail("the method ran"))

    assert (result.content.code if isinstance(result.content, Status) else result.content) == content
    assert result.faults == (("fault-1", fault.kind),)


def test_faults_around_the_method(world: World) -> None:
    """A latency, an effect on the body and pedantic answers accompany the message; a refusal gets them, too."""
    faults = (Fault(latency=0.5), Fault(malformed=True), Fault(pedantic=True))
    result = answer(world, *faults)

    assert (result.content, result.latency, result.is_pedantic) == (MESSAGE, 0.5, True)
    assert result.effect is not None
    assert result.effect.malformed
    assert result.fault_summary == "fault-1 latency, fault-3 pedantic, fault-2 malformed"
    assert answer(world, perform=refuse).is_pedantic


def test_effect_in_the_header_of_the_call(world: World) -> None:
    """It takes the place of the world's effect, which is kept for a later call; its latency does not."""
    own = answer(world, Fault(error="INTERNAL"), own=SLOW)

    assert (own.content, own.effect, own.faults) == (MESSAGE, SLOW, (("x-goog-emulator-instructions", "slow"),))
    assert isinstance(answer(world, own=Effect(latency=0.1)).content, Status)


def test_effect_of_a_script(world: World) -> None:
    """It acts on the message of the poll, unless a fault has an effect already. Its latency adds up."""

    def perform(effect: Effect) -> Callable[[MethodFaults], ScriptedPoll]:
        return lambda _: ScriptedPoll(MESSAGE, effect)

    assert answer(world, perform=perform(SLOW)) == Answer(MESSAGE, (("script", "slow"),), effect=SLOW)
    assert answer(world, perform=perform(Effect(page=Page()))).content == Page()
    late = answer(world, Fault(malformed=True), perform=perform(Effect(latency=0.25)))
    assert (late.content, late.latency, late.fault_summary) == (MESSAGE, 0.25, "fault-1 malformed, script latency")
    both = answer(world, Fault(malformed=True), perform=perform(SLOW))
    assert (both.content, both.fault_summary) == (MESSAGE, "fault-2 malformed")


def test_create_that_starts_no_run_keeps_the_faults_of_runs(world: World) -> None:
    """After a refusal and after a bug, the fault of the run is there for the next create."""

    def fail(_faults: MethodFaults) -> Content:
        raise ZeroDivisionError

    assert answer(world, Fault(run=Run(model_lag=1)), method=CREATE, perform=refuse).faults == ()
    assert counts(world) == [(0, 0)]
    with pytest.raises(ZeroDivisionError):
        answer(world, method=CREATE, perform=fail)
    assert counts(world) == [(0, 0)]
    assert answer(world, method=CREATE, perform=lambda faults: {"lag": faults.run.model_lag}).content == {"lag": 1}
    assert counts(world) == [(1, 1)]


def test_lost_answers() -> None:
    """The journal marks answers of which the client gets only a part, or nothing."""
    assert Answer(None, effect=Effect(reset=True)).is_unanswered
    assert Answer(MESSAGE, effect=Effect(commit_then_drop=True)).is_lost
    assert not Answer(MESSAGE, effect=SLOW).is_lost
