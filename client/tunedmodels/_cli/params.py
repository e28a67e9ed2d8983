"""Defines the types of option values that click does not have."""

from __future__ import annotations

import math
from typing import Any

import click


class Seconds(click.FloatRange):
    """A number of seconds in a range. It rejects NaN, which passes the comparisons of FloatRange."""

    def __init__(self) -> None:
        super().__init__(0, 1e7)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return *value* as a float in the range, or end with a usage error."""
        result = super().convert(value, param, ctx)
        if math.isnan(result):
            self.fail(f"{value!r} is not a number of seconds.", param, ctx)
        return result
