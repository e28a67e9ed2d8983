"""Tests that numbers are written as the shortest decimals that read back the same."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedmodels_mockserver.wire.protojson.numbers import float32, format_double, format_float


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (11.499258, "11.499258"),
        (0.0011606459, "0.0011606459"),
        (100 * 2 / 38, "5.263158"),
        (-1.1145603e-06, "-1.1145603e-06"),
        (7.2774773, "7.2774773"),
        (0.001, "0.001"),
        (0.0002, "0.0002"),
        (0.95, "0.95"),
        (1.0, "1"),
        (100.0, "100"),
        (0.0, "0"),
        (-0.0, "-0"),
        (1e6, "1e+06"),
        (16777216.0, "16777216"),
        (2.0**128 - 2.0**104, "3.4028235e+38"),
        (math.inf, '"Infinity"'),
        (-math.inf, '"-Infinity"'),
        (math.nan, '"NaN"'),
    ],
)
def test_floats_of_single_precision(value: float, text: str) -> None:
    """The forms of recorded answers: the fewest digits, no fraction for a whole number, names for special values."""
    assert format_float(float32(value)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (1.0, "1"),
        (1 / 3, "0.33333333333333331"),
        (1e300, "1e+300"),
        (-math.inf, '"-Infinity"'),
        (math.nan, '"NaN"'),
    ],
)
def test_doubles(value: float, text: str) -> None:
    """Fifteen digits if they suffice, else seventeen."""
    assert format_double(value) == text


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_floats_read_back(value: float) -> None:
    """The text is a JSON number, and reads back as the same single-precision number."""
    assert float32(json.loads(format_float(value))) == value


@given(st.floats(width=32, allow_nan=False, allow_infinity=False, allow_subnormal=False))
def test_floats_have_no_digit_to_spare(value: float) -> None:
    """A text with one digit less reads as another number."""
    digits = len(format_float(value).lstrip("-0.").partition("e")[0].replace(".", "").strip("0"))

    assert digits < 2 or float32(float(f"{value:.{digits - 1}g}")) != value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_doubles_read_back(value: float) -> None:
    """The text is a JSON number that reads back as the same number."""
    assert json.loads(format_double(value)) == value


@pytest.mark.parametrize("value", [1e39, -1e39, 3.5e38])
def test_numbers_beyond_single_precision(value: float) -> None:
    """A number that single precision cannot hold raises an error and does not become infinite."""
    with pytest.raises(OverflowError):
        float32(value)
