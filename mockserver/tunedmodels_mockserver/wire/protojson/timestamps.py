"""Timestamps: whole nanoseconds since the epoch in the program, RFC 3339 in UTC on the wire."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from functools import lru_cache

from ..units import SECOND

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_FIRST, _LAST = -62_135_596_800, 253_402_300_799  # seconds; the years 1 to 9999, as for protobuf's Timestamp
_FORM = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII)

# google-generativeai rounds a fraction to seven digits and then refuses ten of them, so no fraction that we
# write may round up to a whole second.
_LARGEST_FRACTION = 999_999_499


def format_timestamp(nanoseconds: int, digits: int) -> str:
    """Return the wire form with *digits* digits of fraction (6 or 9, zeros kept), as observed."""
    seconds, fraction = divmod(nanoseconds, SECOND)
    fraction = min(fraction, _LARGEST_FRACTION)
    return f"{_seconds(seconds)}.{f'{fraction:09d}'[:digits]}Z"


def parse_timestamp(text: str) -> int | None:
    """Return the nanoseconds that *text* names, or None where it is no RFC 3339 timestamp."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    try:
        moment = datetime.fromisoformat(match[1] + match[3].replace("Z", "+00:00"))
        whole = (moment - _EPOCH) // timedelta(seconds=1)
    except ValueError:
        return None
    if not _FIRST <= whole <= _LAST:
        return None
    return whole * SECOND + int((match[2] or "0").ljust(9, "0"))


@lru_cache(maxsize=4096)
def _seconds(seconds: int) -> str:
    # Not strftime, which leaves out the zeros of early years.
    return (_EPOCH + timedelta(seconds=seconds)).isoformat().removesuffix("+00:00")
