"""The three clocks."""

from __future__ import annotations

from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from tunedmodels_mockserver.core.clock import ManualClock, PollingClock, SystemClock

SECOND = 1_000_000_000


def test_a_system_clock_tells_the_machines_time() -> None:
    """At rate 1 a clock says what its source says."""
    ticks = count(5 * SECOND, SECOND)
    clock = SystemClock(source=lambda: next(ticks))  # the first tick is taken as its origin

    assert (clock.now(), clock.now()) == (6 * SECOND, 7 * SECOND)


def test_a_rate_stretches_time_from_the_start() -> None:
    """At rate 60 a second of the machine is a minute."""
    ticks = iter([100 * SECOND, 101 * SECOND, 103 * SECOND])
    clock = SystemClock(60, source=lambda: next(ticks))

    assert [clock.now(), clock.now()] == [160 * SECOND, 280 * SECOND]


def test_a_manual_clock_moves_only_when_told() -> None:
    """Looking and polling leave it where it is; advance moves it, backwards too."""
    clock = ManualClock(10 * SECOND)
    clock.polled(SECOND)
    assert clock.now() == 10 * SECOND

    clock.advance(2.5)
    clock.advance(-1)
    assert clock.now() == 11_500_000_000


@given(st.integers(100, 10**15))
def test_ten_polls_reach_the_end_of_any_run(run: int) -> None:
    """A polling clock moves by a tenth of the run, rounded up."""
    clock = PollingClock(0)
    for _ in range(9):
        clock.polled(run)
    assert clock.now() < run

    clock.polled(run)
    assert clock.now() >= run


def test_a_new_manual_clock_starts_at_the_machines_present() -> None:
    """Without a start a manual clock begins at a moment that the system clock gives too."""
    before = SystemClock().now()
    clock = ManualClock()

    assert before <= clock.now() <= SystemClock().now()
