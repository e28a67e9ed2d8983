"""Converts timestamps between nanoseconds since the epoch, as in the program, and RFC 3339 in UTC, as on the wire."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from functools import lru_cache

from ..units import SECOND

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_FIRST, _LAST = -62_135_596_800, 253_402_300_799  # seconds; the years 1 to 9999, the range of protobuf's Timestamp
_FORM = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII)

# google-generativeai rounds a fraction to six digits. A fraction that rounds up to a whole second becomes seven digits,
# and the client fails to parse them. So we never write such a fraction.
_LARGEST_FRACTION = 999_999_499


def format_timestamp(nanoseconds: int, digits: int) -> str:
    """Return the wire format with *digits* fraction digits: 6 or 9, with zeros at the end (observed)."""
    return format_timestamps((nanoseconds,), digits)[0]


def format_timestamps(moments: Iterable[int], digits: int) -> list[str]:
    """Return the wire format of each of *moments*, in nanoseconds. The same second in a row takes less time."""
    texts = []
    last, text = None, ""
    for moment in moments:
        seconds, fraction = divmod(moment, SECOND)
        if seconds != last:
            minutes, second = divmod(seconds, 60)
            last, text = seconds, f"{_minute(minutes)}{second:02d}"
        if fraction > _LARGEST_FRACTION:
            fraction = _LARGEST_FRACTION
        texts.append(f"{text}.{f'{fraction:09d}'[:digits]}Z")
    return texts


def parse_timestamp(text: str) -> int | None:
    """Return the timestamp *text* in nanoseconds, or None if it is not a valid RFC 3339 timestamp."""
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


@lru_cache(maxsize=1024)
def _minute(minutes: int) -> str:
    """Return the text of a timestamp up to its seconds."""
    # strftime does not pad the years before 1000 with zeros.
    return (_EPOCH + timedelta(minutes=minutes)).isoformat().removesuffix("00+00:00")
