"""Tests that the texts of snapshots that are kept between polls equal those of plain lists."""

from __future__ import annotations

from array import array
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunedmodels_mockserver.core.runs import interventions, snapshots
from tunedmodels_mockserver.core.runs.losses import Curve, mean_losses
from tunedmodels_mockserver.core.runs.plan import Plan
from tunedmodels_mockserver.core.runs.snapshots import Histories
from tunedmodels_mockserver.core.runs.view import view
from tunedmodels_mockserver.wire.protojson.writing import COMPACT, EVENT, PRETTY, Layout, write
from tunedmodels_mockserver.wire.surface import surface_of

from .test_script import CURVE, after, events, plan, whats
from .test_view import SECOND


def texts(of: Plan, now: int, version: str, layout: Layout) -> tuple[str, str]:
    """Return the text of the snapshots by the table and by a plain list."""
    surface, rows = surface_of(version), view(of, now).snapshots()
    message = surface.message("TuningTask")
    plain: list[dict[str, Any]] = [row._asdict() for row in rows]
    return (
        write(message, {"snapshots": rows}, surface, layout),
        write(message, {"snapshots": plain}, surface, layout),
    )


polls = st.lists(
    st.tuples(
        st.floats(0, 60),  # the clock may also go back
        st.none() | whats,
        st.sampled_from(["v1beta", "v1beta3"]),
        st.sampled_from([PRETTY, COMPACT, EVENT]),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


@settings(deadline=None, max_examples=150)
@given(
    script=st.lists(events, max_size=5).map(tuple),
    polls=polls,
    seed=st.integers(0, 3),
    length=st.sampled_from([0, 5, 30 * SECOND]),
)
def test_texts_equal_those_of_lists(
    script: tuple[Any, ...], polls: list[tuple[Any, ...]], seed: int, length: int
) -> None:
    """With any script and calls, also if the clock goes back or a call is forgotten, as in a restored state."""
    of = first = replace(plan(*script, length=length), curve=replace(CURVE, run_seed=seed))
    for seconds, what, version, layout, restores in polls:
        now = after(seconds)
        of = first if restores else of
        if what and not view(of, now).done:
            of = interventions.with_event(of, now, **what)
        of = of.with_poll(now) if of.counts_polls else of
        kept, plain = texts(of, now, version, layout)

        assert kept == plain


def test_a_row_is_rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second poll computes and renders only what the first one did not show."""
    of = replace(plan(steps=10), curve=replace(CURVE, run_seed=99))
    computed: list[range] = []

    def compute(curve: Curve, steps: range) -> array[float]:
        computed.append(steps)
        return mean_losses(curve, steps)

    monkeypatch.setattr(snapshots, "mean_losses", compute)
    for seconds in (45, 45, 85):
        texts(of, after(seconds), "v1beta", PRETTY)

    assert computed == [range(1, 5), range(5, 9)]


def test_histories_take_their_limit_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run that was read least recently is dropped first; one that is too large drops itself only."""
    histories = Histories(5_000)
    monkeypatch.setattr(snapshots, "HISTORIES", histories)
    plans = [replace(plan(), curve=replace(CURVE, run_seed=seed)) for seed in range(3)]
    for of in (plans[0], plans[1], plans[0], plans[2]):
        texts(of, after(1000), "v1beta", PRETTY)
    kept = [bool(histories.of(of).texts) for of in plans]
    large = replace(plan(steps=100), curve=replace(CURVE, run_seed=9))
    equal = texts(large, after(1000), "v1beta", PRETTY)

    assert kept == [True, False, True]
    assert equal[0] == equal[1]
    assert not histories.of(large).texts
    assert histories.of(plans[2]).texts
