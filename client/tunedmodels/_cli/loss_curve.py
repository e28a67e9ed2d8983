"""Draws the mean loss of each step as a curve of characters."""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .._messages.tuning_task import TuningSnapshot

# The margins hold the ticks and the names of the axes, beside, above and below the curve, and the prompt after it.
_HORIZONTAL_MARGIN, _VERTICAL_MARGIN = 23, 5
_MIN_WIDTH, _MIN_HEIGHT = 10, 4


def draw(snapshots: Sequence[TuningSnapshot]) -> str:
    """Return the curve of *snapshots* in the size of the terminal, or 80 by 24 without a terminal.

    Return an empty string if there are no losses.
    """
    # The service can send NaN, which a curve cannot show.
    points = [(shot.step, shot.mean_loss) for shot in snapshots if math.isfinite(shot.mean_loss)]
    if not points:
        return ""
    import plotille

    steps, losses = zip(*points, strict=True)
    size = shutil.get_terminal_size()
    figure = plotille.Figure()
    figure.width = max(_MIN_WIDTH, size.columns - _HORIZONTAL_MARGIN)
    figure.height = max(_MIN_HEIGHT, size.lines - _VERTICAL_MARGIN)
    figure.x_label, figure.y_label = "step", "mean loss"
    figure.with_colors = False
    # An axis needs two different ends, even if the run has one step or all its losses are 0.
    figure.set_x_limits(min_=0, max_=max(*steps, 1))
    figure.set_y_limits(min_=min(0.0, *losses), max_=max(losses) * 1.1 if max(losses) > 0 else 1.0)
    figure.register_label_formatter(float, _tick)
    figure.register_label_formatter(int, _tick)
    figure.plot(steps, losses)
    drawing: str = figure.show()
    return drawing


def _tick(val: float, chars: int, delta: float, left: bool = False) -> str:
    # delta is the span of the whole axis. left is true for the axis of the steps, where most ticks are whole numbers.
    places = 0 if delta > 200 else 1 if delta > 5 else 3
    text = f"{val:.{places}f}" if abs(val) < 1e6 else f"{val:.3g}"
    if left:
        return f"{text.removesuffix('.0'):<{chars}}"
    return f"{text:>{chars}}"
