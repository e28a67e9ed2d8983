"""Medians, percentiles and ratios. Ratios are taken round by round, so that a slow moment slows both sides of each."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def median(values: Sequence[float]) -> float:
    """Return the median of *values*, which must not be empty."""
    return statistics.median(values)


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the value below or at which *share* percent of *ordered* are; 0 if there are none."""
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, int(len(ordered) * share / 100))]


def ratio(values: Sequence[float], others: Sequence[float]) -> float | None:
    """Return the median of the rounds' ratios; None without a round that has both values."""
    ratios = [value / other for value, other in zip(values, others, strict=False) if other]
    return median(ratios) if ratios else None
