"""Tests the clock of a world, and the clock that a test controls."""

from __future__ import annotations

import math
import time

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from tunedmodels_mockserver import ManualClock, Settings, create_app
from tunedmodels_mockserver.core.clock import END, Clock, Mode
from tunedmodels_mockserver.core.runs.durations import Pace

SECOND = 1_000_000_000
MICROSECOND = 1_000
START = 1_710_409_530_123_456_000
POLLING = Clock(Mode.POLLING, moment=START)


def test_real_clock_shows_the_machines_time() -> None:
    """At rate 1, whether it has started or not."""
    assert Clock().now(5 * SECOND) == 5 * SECOND
    assert Clock().start(3 * SECOND).now(5 * SECOND) == 5 * SECOND


def test_rate_scales_time() -> None:
    """At rate 60 a second of the machine is a minute; a new rate applies from the present on."""
    clock = Clock(rate=60).start(100 * SECOND)
    assert [clock.now(101 * SECOND), clock.now(103 * SECOND)] == [160 * SECOND, 280 * SECOND]

    slower = clock.with_mode(103 * SECOND, rate=0.5)
    assert slower.now(105 * SECOND) == 281 * SECOND


def test_clock_stops_and_continues() -> None:
    """A stopped clock shows the moment of the stop; later it continues from there."""
    frozen = Clock().start(10 * SECOND).with_mode(12 * SECOND, Mode.MANUAL)
    assert frozen.now(99 * SECOND) == 12 * SECOND

    thawed = frozen.with_mode(99 * SECOND, Mode.REAL)
    assert thawed.now(100 * SECOND) == 13 * SECOND


def test_clock_starts_at_its_moment() -> None:
    """A real clock continues from there."""
    assert Clock(moment=7 * SECOND).start(100 * SECOND).now(101 * SECOND) == 8 * SECOND
    assert Clock(Mode.MANUAL).start(100 * SECOND).now(101 * SECOND) == 100 * SECOND


@pytest.mark.parametrize("rate", [0.0, -1.0, math.nan, math.inf, 1e7])
def test_rate_is_limited(rate: float) -> None:
    """A rate is more than zero, and at most a million."""
    with pytest.raises(ValueError, match=r"^The rate of a clock must be more than 0 and at most 1000000, got "):
        Clock(rate=rate)


def test_manual_clock_moves_only_by_calls() -> None:
    """Reading does not move it; advance moves it, also backwards."""
    clock = ManualClock(10 * SECOND)
    assert clock.now() == 10 * SECOND

    clock.advance(2.5)
    clock.advance(-1)
    assert clock.now() == 11_500_000_000


@pytest.mark.parametrize("seconds", [math.nan, math.inf, -math.inf, 1e10, 1e308, -1e308, 4_000_000_001, -5_000_000_001])
def test_manual_clock_refuses_moves_out_of_range(seconds: float) -> None:
    """A move out of 1970 to 2255 is refused with the number, and does not move the clock."""
    clock = ManualClock(5_000_000_000 * SECOND)
    with pytest.raises(ValueError, match=r"^A clock can show 1970 to 2255; ") as refusal:
        clock.advance(seconds)

    assert f"; {seconds} seconds from" in str(refusal.value)
    assert clock.now() == 5_000_000_000 * SECOND


def test_manual_clock_reaches_its_limits() -> None:
    """The first and the last moment are valid."""
    clock = ManualClock(5_000_000_000 * SECOND)
    clock.advance(-5_000_000_000)
    assert clock.now() == 0

    clock.advance(9_000_000_000)
    assert clock.now() == END


@given(st.integers(0, 10**15).map(lambda run: run * MICROSECOND))
def test_ten_polls_reach_the_end_of_any_run(run: int) -> None:
    """A polling clock moves by a tenth of the run, rounded up to whole microseconds, one at least."""
    clock = Clock(Mode.POLLING, moment=START).after_poll(run)
    step = clock.now(0) - START
    for _ in range(9):
        clock = clock.after_poll(run)

    assert step % MICROSECOND == 0
    assert max(run, 10 * MICROSECOND) <= 10 * step < run + 10 * MICROSECOND or (run == 0 and step == MICROSECOND)
    assert clock.now(0) == START + 10 * step


@given(st.integers(1, 10**18))
def test_poll_moves_by_whole_microseconds(run: int) -> None:
    """Creation times show whole microseconds."""
    clock = Clock(Mode.POLLING, moment=START).after_poll(run)

    assert 0 < clock.now(0) - START == -(-run // (10 * MICROSECOND)) * MICROSECOND


def test_polling_clock_stops_in_2255() -> None:
    """No poll moves it beyond."""
    clock = Clock(Mode.POLLING, moment=END - SECOND)
    for _ in range(3):
        clock = clock.after_poll(10**18)

    assert clock.now(0) == END


@pytest.mark.parametrize(
    ("pace", "epochs"),
    [
        (Pace(0, queue_time=0), 1),
        (Pace(0), 1),
        (Pace(0.00001), 1),
        (Pace(0.00001, queue_time=0), 1),
        (Pace(0.0000014, queue_time=0), 1),
        (Pace(20), 40),
        (Pace(1e9, queue_time=1e9), 1),
    ],
    ids=str,
)
def test_ten_polls_end_any_run_of_the_app(pace: Pace, epochs: int) -> None:
    """Through the whole server, for runs from zero to sixty years."""
    http = create_app(Settings(seed=1, pace=pace, clock=POLLING)).test_client()
    operation = start(http, epochs)
    polls = [http.get(f"/v1/{operation}?fields=done,metadata(completedSteps)") for _ in range(10)]

    assert {poll.status_code for poll in polls} == {200}
    assert polls[-1].get_json() == {"done": True, "metadata": {"completedSteps": epochs}}


def test_ten_polls_end_the_longest_run_of_all() -> None:
    """The run has ten thousand steps of a day; nine polls skip HTTP, because their answers are long."""
    app = create_app(Settings(seed=1, pace=Pace(step_time=1e5), clock=POLLING))
    http = app.test_client()
    operation = start(http, 10_000)
    world = app.extensions["tunedmodels"].get("")
    plan = world.store.get(operation.split("/")[1]).plan
    for _ in range(9):
        assert world.advance_on_poll(plan, world.now()) < plan.created + plan.total_duration

    last = http.get(f"/v1/{operation}?fields=done,metadata(completedSteps)")
    assert last.get_json() == {"done": True, "metadata": {"completedSteps": 10_000}}


def start(http: FlaskClient, epochs: int) -> str:
    """Create a model of one example, which makes a step an epoch, and return the name of its operation."""
    task = {
        "trainingData": {"examples": {"examples": [{"textInput": "1", "output": "2"}]}},
        "hyperparameters": {"epochCount": epochs, "batchSize": 1},
    }
    model = {"displayName": "m", "baseModel": "models/gemini-1.0-pro-001", "tuningTask": task}
    return str(http.post("/v1beta/tunedModels", json=model).get_json()["name"])


def test_a_new_manual_clock_starts_at_the_machines_present() -> None:
    """Without a start a manual clock begins at a moment that the machine's clock gives too."""
    before = time.time_ns()
    clock = ManualClock()

    assert before <= clock.now() <= time.time_ns()
