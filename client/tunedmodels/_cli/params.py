"""Parameters: the kinds of values that options of the command take."""

from __future__ import annotations

import math
from typing import Any

import click


class Seconds(click.FloatRange):
    """A span of time: a number in a range, and never NaN, which every comparison lets pass."""

    def __init__(self) -> None:
        super().__init__(0, 1e7)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return *value* as a float of the range."""
        result = super().convert(value, param, ctx)
        if math.isnan(result):
            self.fail(f"{value!r} is not a span of time.", param, ctx)
        return result
