"""Compares simulated losses with recorded ones, and tests the rules of every curve.

The recorded figures are those of tuning runs on the service from September 2023 to spring 2025.
"""

from __future__ import annotations

import json
import math
import statistics
import struct
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedmodels_mockserver.core.runs import losses
from tunedmodels_mockserver.core.runs.losses import Curve, Shape, mean_losses, shape_of

SEEDS = range(100)  # of data and of run alike: the recorded runs had different data, too

PALM = Curve(0, 0, "models/text-bison-001", 15, 4, 0.001, answer_tokens=2.4)
PALM_PAIRS = replace(PALM, batch_size=2)
# The length of its answers is not known; 25 tokens make it start where the real one did.
PALM_HOT = replace(PALM, examples=25, batch_size=16, learning_rate=0.02, answer_tokens=25)
PRO = replace(PALM, base_model="models/gemini-1.0-pro-001")
PRO_PAIRS = replace(PRO, batch_size=2)
PRO_ENTITIES = replace(PRO, examples=20, answer_tokens=30)
FLASH = replace(PALM, base_model="models/gemini-1.5-flash-001-tuning")
# The rate was left to the service; 0.001 is the documented default that fits.
FLASH_LABELS = replace(FLASH, examples=400, batch_size=16, answer_tokens=5)
# The answers are long: their loss means hundreds of tokens; 320 fits it.
FLASH_MEDICAL = replace(FLASH, examples=626, batch_size=16, learning_rate=0.0002, answer_tokens=320)


def mean_loss(curve: Curve, step: int) -> float:
    return mean_losses(curve, range(step, step + 1))[0]


def sown(curve: Curve) -> list[Curve]:
    return [replace(curve, data_seed=seed, run_seed=1000 + seed) for seed in SEEDS]


def at(curve: Curve, step: int) -> list[float]:
    return [mean_loss(each, step) for each in sown(curve)]


def share_within(low: float, high: float, values: list[float]) -> float:
    return sum(low <= value <= high for value in values) / len(values)


@dataclass(frozen=True)
class Window:
    """Losses that one real run had at *step* and next to it, all of them in order of steps."""

    name: str
    curve: Curve
    step: int
    real: tuple[float, ...]


WINDOWS = [
    Window("palm, first: steps 1-6", PALM, 1, (7.277, 6.178, 5.506, 7.937, 7.657, 7.375)),
    Window("palm, middle: 36-44", PALM, 40, (2.525, 1.842, 3.461, 3.251, 2.484, 2.386, 1.196, 3.578, 1.361)),
    Window("palm, last: 371-375", PALM, 375, (5.288e-4, 4.261e-5, 1.196e-5, 3.579e-4, 7.525e-5)),
    Window("palm b2, first: 1-5", PALM_PAIRS, 1, (7.342, 7.256, 5.459, 6.969, 4.579)),
    Window("palm b2, middle: 10-14", PALM_PAIRS, 12, (6.159, 4.788, 9.661, 5.648, 3.162)),
    Window("palm b2, last: 19-23", PALM_PAIRS, 23, (7.751, 8.145, 5.485, 3.709, 6.007)),
    Window("palm lr .02, first: 1-2", PALM_HOT, 1, (16.614, 20.300)),
    Window("palm lr .02, middle: 6-10", PALM_HOT, 8, (1.977, 0.928, 1.842, 1.175, 0.308)),
    Window("palm lr .02, last: 12-16", PALM_HOT, 16, (0.3507, 0.02603, 0.1080, 0.01647, 0.06310)),
    Window("pro b2, first: 1-5", PRO_PAIRS, 1, (11.499, 13.666, 8.971, 7.524, 8.499)),
    Window("pro b2, middle: 17-21", PRO_PAIRS, 19, (1.425, 1.502, 1.381, 6.635, 0.153)),
    Window("pro b2, last: 34-38", PRO_PAIRS, 38, (0.00833, 0.1986, 0.02042, 0.02120, 0.00116)),
    Window("pro entities, first: 1-3", PRO_ENTITIES, 1, (26.830, 22.084, 16.241)),
    Window("pro entities, middle: 8-12", PRO_ENTITIES, 10, (3.150, 1.574, 2.658, 0.743, 0.612)),
    Window("pro entities, late: 51-55", PRO_ENTITIES, 53, (0.5674, 0.00802, 0.06795, 0.01111, 0.02403)),
]


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: window.name)
def test_single_runs_lie_within_the_losses_around_a_step(window: Window) -> None:
    """A further draw is between the least and the greatest of n draws like it with the chance (n-1)/(n+1)."""
    count = len(window.real)
    share = share_within(min(window.real), max(window.real), at(window.curve, window.step))

    assert share >= (count - 1) / (count + 1) - 0.15  # 100 seeds scatter by 5 %, and the windows slope


# 28 complete runs on 400 labels: least, p10, median, p90, greatest. Read off plots whose pixel is 0.07 high,
# so the least of the late steps, 0.03, is a line on the axis: zero.
FLASH_SPREAD = [
    (1, 20.57, 22.07, 23.04, 24.58, 25.95),
    (4, 9.01, 9.33, 10.00, 10.94, 11.44),
    (25, 0.0, 0.07, 0.31, 0.73, 1.20),
    (50, 0.0, 0.03, 0.10, 0.43, 0.91),
]


@pytest.mark.parametrize(("step", "least", "p10", "median", "p90", "greatest"), FLASH_SPREAD)
def test_flash_runs_spread_as_28_real_ones(
    step: int, least: float, p10: float, median: float, p90: float, greatest: float
) -> None:
    """Most runs are between the extremes, three of five in the middle four fifths, with about the real spread."""
    simulated = at(FLASH_LABELS, step)
    deciles = statistics.quantiles(simulated, n=10)

    assert share_within(least, greatest, simulated) >= 0.85  # of 28 like them: 93 %
    assert share_within(p10, p90, simulated) >= 0.60  # of 28 like them: 80 %
    assert p10 < statistics.median(simulated) < p90
    assert statistics.median(simulated) == pytest.approx(median, rel=0.35)
    assert 0.5 < (deciles[-1] - deciles[0]) / (p90 - p10) < 2.0


# Mean of the losses of an epoch in four runs of 100 epochs on the same 15 pairs: least and greatest.
PRO_EPOCHS = [(0, 11.747, 11.747), (1, 8.727, 8.887), (2, 5.386, 5.803), (3, 2.199, 2.681)]


def epoch_means(curve: Curve, epoch: int) -> list[float]:
    size, batch = curve.examples, curve.batch_size
    steps = [step for step in range(1, size * (epoch + 2) // batch) if step * batch // size == epoch]
    return [statistics.fmean(mean_loss(each, step) for step in steps) for each in sown(curve)]


@pytest.mark.parametrize(("epoch", "least", "greatest"), PRO_EPOCHS)
def test_epochs_of_pro_lie_at_the_four_real_runs(epoch: int, least: float, greatest: float) -> None:
    """The four runs had the same data; other data moves the mean of an epoch by a tenth (one sigma)."""
    simulated = epoch_means(PRO, epoch)

    assert least * 0.9 <= statistics.median(simulated) <= greatest * 1.1
    assert share_within(least * 0.85, greatest * 1.15, simulated) >= 0.6


@pytest.mark.parametrize("epoch", [50, 99])
def test_pro_ends_at_the_zero_of_a_plot(epoch: int) -> None:
    """All four runs were at 0.000 from epoch 13 on, read to half a pixel: 0.019."""
    assert share_within(-0.019, 0.019, epoch_means(PRO, epoch)) >= 0.9


@pytest.mark.parametrize(("epoch", "before", "after"), [(2, 335.0, 310.2), (3, 318.7, 297.5), (5, 297.5, 269.0)])
def test_long_answers_fall_slowly(epoch: int, before: float, after: float) -> None:
    """One run of seven epochs: the mean of an epoch lies between those of its neighbours."""
    assert share_within(after, before, epoch_means(FLASH_MEDICAL, epoch)) >= 0.95


def test_the_hot_run_overshoots_at_step_2_like_the_real_one() -> None:
    """16.6, 20.3, 8.2 at 20 times the recommended rate."""
    first, second, third = (statistics.median(at(PALM_HOT, step)) for step in (1, 2, 3))

    assert third < first < second


def test_the_same_curve_gives_the_same_losses_in_any_order() -> None:
    """A loss depends on its curve and step alone: in reverse order, an equal curve gives the same losses."""
    forwards = {step: mean_loss(PRO, step) for step in range(1, 376)}
    backwards = {step: mean_loss(replace(PRO), step) for step in range(375, 0, -1)}

    assert forwards == backwards


def test_runs_on_the_same_data_start_alike_and_then_differ_by_a_per_cent() -> None:
    """7.2774773 in three real runs; steps 2 to 23 of real pairs were 0.7 to 1.2 % apart on average."""
    one, other = replace(PALM, run_seed=1), replace(PALM, run_seed=2)
    apart = [abs(mean_loss(one, step) / mean_loss(other, step) - 1.0) for step in range(2, 60)]

    assert mean_loss(one, 1) == mean_loss(other, 1)
    assert 0.005 < statistics.fmean(apart) < 0.02
    assert max(apart) < 0.05
    assert mean_loss(replace(PALM, data_seed=1), 1) != mean_loss(PALM, 1)


def test_smaller_batches_are_noisier() -> None:
    """The real losses at the flat start of text-bison-001 scattered by 28 % (batch 2) and 18 % (batch 4)."""
    two, four, sixteen = (statistics.stdev(map(math.log, at(replace(PALM, batch_size=size), 1))) for size in (2, 4, 16))

    assert two > four > sixteen
    assert two == pytest.approx(0.28, abs=0.07)
    assert four == pytest.approx(0.18, abs=0.05)


def test_losses_near_zero_are_sometimes_just_below_it() -> None:
    """-1.8597348e-06 and -1.3336539e-06 in the real run."""
    late = [mean_loss(curve, step) for curve in sown(PALM) for step in range(301, 376)]

    assert -1e-5 < min(late) < 0.0
    assert share_within(-1e-5, 0.0, late) < 0.01


def test_any_step_costs_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """The billionth step draws as often as the second; a loop over the steps before would never end."""
    draws: list[int] = []

    def count(places: range, *_: int | str) -> list[float]:
        draws.extend(places)
        return [0.0] * len(places)

    monkeypatch.setattr(losses, "normals", count)
    mean_loss(PALM, 2)
    after_one = len(draws)
    mean_loss(PALM, 10**9)

    assert 0 < after_one == len(draws) - after_one


@pytest.mark.parametrize(
    ("rate", "shape"),
    [
        (1e-6, Shape.PLATEAU),
        (1e-5, Shape.PLATEAU),
        (0.0002, Shape.CONVERGE),
        (0.001, Shape.CONVERGE),
        (0.02, Shape.CONVERGE),  # the real run at this rate did
        (0.05, Shape.DIVERGE),
        (10.0, Shape.DIVERGE),
    ],
)
def test_the_rate_decides_if_the_curve_has_no_shape(rate: float, shape: Shape) -> None:
    """Small rates stay on a plateau, common ones converge, large ones diverge; the shape of a curve wins."""
    curve = replace(PALM, learning_rate=rate)

    assert shape_of(curve) is shape
    assert shape_of(replace(curve, shape=Shape.SPIKE)) is Shape.SPIKE


def course(shape: Shape) -> list[float]:
    """Return the medians of 375 steps over 15 seeds: the shape without most of the noise."""
    curves = sown(replace(PRO, shape=shape))[:15]
    return [statistics.median(mean_loss(curve, step) for curve in curves) for step in range(1, 376)]


def test_converge_ends_near_zero() -> None:
    """The last hundred losses are below a hundredth of the first."""
    medians = course(Shape.CONVERGE)

    assert max(medians[-100:]) < 0.01 * medians[0]


def test_overfit_falls_and_then_rises_slowly() -> None:
    """The lowest loss is between steps 20 and 60; then the loss rises to at most a third of its start."""
    medians = course(Shape.OVERFIT)
    bottom = medians.index(min(medians))

    assert 20 < bottom < 60
    assert medians[bottom] < 0.02 * medians[0]
    assert 0.05 * medians[0] < medians[100] < medians[200] < medians[374] < 0.35 * medians[0]


def test_plateau_stops_well_above_zero() -> None:
    """The run ends at two fifths of its first loss, and is never below a quarter of it."""
    medians = course(Shape.PLATEAU)

    assert statistics.fmean(medians[-100:]) == pytest.approx(0.4 * statistics.fmean(medians[:3]), rel=0.1)
    assert min(medians) > 0.25 * medians[0]


def test_spikes_are_single_steps_that_differ_from_run_to_run() -> None:
    """After it has converged, one step in each twenty is high, and another run has other ones."""

    def high(curve: Curve) -> list[int]:
        return [step for step in range(41, 376) if mean_loss(curve, step) > 2.0]

    spiky = replace(PRO, shape=Shape.SPIKE)

    assert high(PRO) == []
    assert [(step - 1) // 20 for step in high(spiky)] == list(range(2, 2 + len(high(spiky))))
    assert len(high(spiky)) >= 16
    assert high(spiky) != high(replace(spiky, run_seed=1))


def test_diverge_rises_and_settles_at_three_times_the_start() -> None:
    """The loss rises for fifty steps, and then stays at its level."""
    medians = course(Shape.DIVERGE)

    assert medians[0] < medians[4] < medians[14] < medians[49]
    assert all(loss == pytest.approx(3.0 * medians[0], rel=0.25) for loss in medians[60:])
    assert mean_loss(replace(PRO, shape=Shape.DIVERGE), 10**9) < 5.0 * medians[0]


curves = st.builds(
    Curve,
    data_seed=st.integers(0, 2**64 - 1),
    run_seed=st.integers(0, 2**64 - 1),
    base_model=st.sampled_from(
        [
            PALM.base_model,
            "models/text-bison-tuning-test",
            PRO.base_model,
            FLASH.base_model,
            "models/any-other",
        ]
    ),
    examples=st.integers(1, 10**6),
    batch_size=st.integers(1, 10**6),
    learning_rate=st.floats(1e-8, 1e3),
    answer_tokens=st.floats(0, 1e5),
    shape=st.none() | st.sampled_from(Shape),
)


@given(curves, st.integers(1, 10**9))
def test_every_loss_is_a_finite_float32(curve: Curve, step: int) -> None:
    """For any curve and step, a loss can be written as JSON, reads back, and is hardly below zero."""
    loss = mean_loss(curve, step)

    assert math.isfinite(loss)
    assert struct.unpack("<f", struct.pack("<f", loss)) == (loss,)
    assert json.loads(json.dumps(loss, allow_nan=False)) == loss
    assert loss > -1e-4
