"""Plots a loss curve with matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .._messages.tuning_task import TuningSnapshot

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot(snapshots: Sequence[TuningSnapshot], title: str, axes: Axes | None = None) -> Axes:
    """Draw the mean loss of each step into *axes*, or into new axes, and return the axes."""
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError("plot() needs matplotlib: pip install matplotlib") from error

    axes = pyplot.figure().add_subplot() if axes is None else axes
    axes.plot([snapshot.step for snapshot in snapshots], [snapshot.mean_loss for snapshot in snapshots])
    axes.set(xlabel="step", ylabel="mean loss", title=title)
    return axes
