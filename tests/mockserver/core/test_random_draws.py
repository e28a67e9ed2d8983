"""Tests draws from a seed and counters."""

from __future__ import annotations

from statistics import fmean, pstdev

from tunedmodels_mockserver.core import random_draws


def test_a_draw_depends_on_seed_and_counters_alone() -> None:
    """The same place gives the same draw; another seed or place gives another."""
    assert random_draws.bits(1, "a", 2) == random_draws.bits(1, "a", 2)
    assert len({random_draws.bits(seed, name, step) for seed in range(3) for name in "ab" for step in range(3)}) == 18


def test_counters_do_not_run_into_each_other() -> None:
    """Counters 1 and 23 are another place than 12 and 3."""
    assert random_draws.bits(0, 1, 23) != random_draws.bits(0, 12, 3)


def test_uniform_draws_fill_the_unit_interval() -> None:
    """Mean and spread are those of an even distribution over [0, 1)."""
    draws = [random_draws.uniform(5, step) for step in range(4000)]

    assert 0 <= min(draws) < 0.01
    assert 0.99 < max(draws) < 1
    assert abs(fmean(draws) - 0.5) < 0.02


def test_normal_draws_have_mean_zero_and_deviation_one() -> None:
    """Mean and spread are those of the standard normal distribution."""
    draws = random_draws.normals(range(4000), 5)

    assert abs(fmean(draws)) < 0.06
    assert abs(pstdev(draws) - 1) < 0.05


def test_base36_is_even() -> None:
    """A long text has each of the 36 characters."""
    assert set(random_draws.base36(2000, 1)) == set("abcdefghijklmnopqrstuvwxyz0123456789")
