"""Tests that timestamps are written with the digits seen on the wire, and read as RFC 3339."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunedmodels_mockserver.wire.protojson.timestamps import format_timestamp, parse_timestamp
from tunedmodels_mockserver.wire.units import SECOND

FIRST = -62_135_596_800 * SECOND  # 0001-01-01T00:00:00Z
LAST = 253_402_300_800 * SECOND - 1  # the end of the year 9999
NOON = 1_710_417_600 * SECOND  # 2024-03-14T12:00:00Z
moments = st.integers(FIRST, LAST)


@pytest.mark.parametrize(
    ("moment", "digits", "text"),
    [
        (0, 6, "1970-01-01T00:00:00.000000Z"),
        (0, 9, "1970-01-01T00:00:00.000000000Z"),
        (NOON + 123_456_000, 6, "2024-03-14T12:00:00.123456Z"),
        (NOON + 123_456_789, 9, "2024-03-14T12:00:00.123456789Z"),
        (NOON + 120_000_000, 6, "2024-03-14T12:00:00.120000Z"),
        (NOON + 120_000_000, 9, "2024-03-14T12:00:00.120000000Z"),
        (NOON + 7, 6, "2024-03-14T12:00:00.000000Z"),
        (-1_000, 6, "1969-12-31T23:59:59.999999Z"),
        (FIRST, 9, "0001-01-01T00:00:00.000000000Z"),
        # google-generativeai reads a fraction of .9999995 and more as a whole second, and then fails
        (NOON + 999_999_000, 6, "2024-03-14T12:00:00.999999Z"),
        (NOON + 999_999_499, 9, "2024-03-14T12:00:00.999999499Z"),
        (NOON + 999_999_500, 9, "2024-03-14T12:00:00.999999499Z"),
        (NOON + 999_999_999, 9, "2024-03-14T12:00:00.999999499Z"),
    ],
)
def test_format(moment: int, digits: int, text: str) -> None:
    """Six or nine digits with zeros at the end, and no fraction that a client would round to a second."""
    assert format_timestamp(moment, digits) == text


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-03-14T12:00:00Z", NOON),
        ("2024-03-14T12:00:00.5Z", NOON + SECOND // 2),
        ("2024-03-14T12:00:00.000000001Z", NOON + 1),
        ("2024-03-14T12:00:00.123456000Z", NOON + 123_456_000),
        ("2024-03-14T14:00:00+02:00", NOON),
        ("2024-03-14T06:30:00.25-05:30", NOON + SECOND // 4),
        ("2024-02-29T00:00:00Z", NOON - 14 * 86_400 * SECOND - 43_200 * SECOND),
        ("1969-12-31T23:59:59.999Z", -SECOND // 1000),
        ("0001-01-01T00:00:00Z", FIRST),
        ("9999-12-31T23:59:59.999999999Z", LAST),
    ],
)
def test_parse(text: str, moment: int) -> None:
    """Up to nine digits of a fraction, in UTC or with an offset."""
    assert parse_timestamp(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2024-03-14",
        "2024-03-14T12:00:00",
        "2024-03-14 12:00:00Z",
        "2024-03-14T12:00Z",
        "2024-03-14T12:00:00.Z",
        "2024-03-14T12:00:00.1234567890Z",
        "2024-03-14T12:00:00Z ",
        "2024-03-14T12:00:00Z\n",
        "2024-03-14T12:00:00+0200",
        "2024-03-14T12:00:60Z",
        "2024-13-14T12:00:00Z",
        "2023-02-29T12:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "٢٠٢٤-03-14T12:00:00Z",
        "2024-03-14T12:00:00.٥Z",
    ],
)
def test_invalid_timestamps(text: str) -> None:
    """Only RFC 3339 timestamps of the years 1 to 9999, in ASCII digits, are valid."""
    assert parse_timestamp(text) is None


@given(moments.filter(lambda moment: moment % SECOND <= 999_999_499))
def test_read_back(moment: int) -> None:
    """Nine digits show a moment to the nanosecond."""
    assert parse_timestamp(format_timestamp(moment, 9)) == moment


@given(moments, st.sampled_from([6, 9]))
def test_no_fraction_rounds_up(moment: int, digits: int) -> None:
    """A fraction that the SDK rounds to six digits stays below one, and differs by less than a microsecond."""
    text = format_timestamp(moment, digits)
    fraction = re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)Z", text)

    assert fraction is not None
    assert len(fraction[1]) == 1 + digits
    assert round(float(fraction[1]), 6) < 1
    assert 0 <= moment - (parse_timestamp(text) or 0) < 1_000
