"""Timestamps are read, written and compared to the nanosecond."""

from __future__ import annotations

import copy
import pickle
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunedmodels import Timestamp

early = Timestamp.parse("2024-07-31T06:58:29.639551971Z")
late = Timestamp.parse("2024-07-31T06:58:29.639551972Z")
plain = datetime(2024, 7, 31, 6, 58, 29, 639551, tzinfo=timezone.utc)
EAST = timezone(timedelta(hours=2))

timestamps = st.builds(
    lambda whole, nanosecond: Timestamp(*whole.timetuple()[:6], nanosecond=nanosecond),
    st.datetimes(),
    st.integers(0, 999_999_999),
)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        pytest.param("2024-07-31T06:58:20Z", (2024, 7, 31, 6, 58, 20, 0), id="no fraction"),
        pytest.param("2024-04-16T16:44:00.470390Z", (2024, 4, 16, 16, 44, 0, 470_390_000), id="microseconds"),
        pytest.param("2024-07-20T18:23:35.610950001Z", (2024, 7, 20, 18, 23, 35, 610_950_001), id="nanoseconds"),
        pytest.param("2024-07-20T18:23:35.5Z", (2024, 7, 20, 18, 23, 35, 500_000_000), id="one digit"),
        pytest.param("2024-07-20t18:23:35z", (2024, 7, 20, 18, 23, 35, 0), id="small letters"),
        pytest.param("2024-07-20T01:23:35+02:30", (2024, 7, 19, 22, 53, 35, 0), id="east"),
        pytest.param("2024-12-31T23:00:00.000000001-02:00", (2025, 1, 1, 1, 0, 0, 1), id="west, into the next year"),
        pytest.param("0001-01-01T00:00:00Z", (1, 1, 1, 0, 0, 0, 0), id="the first moment"),
        pytest.param("9999-12-31T23:59:59.999999999Z", (9999, 12, 31, 23, 59, 59, 999_999_999), id="the last moment"),
    ],
)
def test_parse(text: str, parts: tuple[int, ...]) -> None:
    """A text of RFC 3339 is read to the nanosecond, in UTC."""
    moment = Timestamp.parse(text)

    assert (*moment.timetuple()[:6], moment.nanosecond) == parts
    assert moment.microsecond == parts[-1] // 1000
    assert moment.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024-07-31T06:58:20",
        "2024-07-31 06:58:20Z",
        "2024-07-31T06:58:20.1234567890Z",
        "2024-07-31T24:00:00Z",
        "2023-02-29T00:00:00Z",
        "2024-07-31T06:58:20+24:00",
        "2024-07-31T06:58:20+0100",
        "２０２４-07-31T06:58:20Z",
        "2024-07-31T06:58:20Z\n",
        "0001-01-01T00:00:00+00:01",
    ],
)
def test_text_that_is_no_time(text: str) -> None:
    """Another text is a ValueError."""
    with pytest.raises(ValueError, match=r"not a time|must be in|out of range|day is") as caught:
        Timestamp.parse(text)

    assert not isinstance(caught.value, OverflowError)


@pytest.mark.parametrize(
    "text",
    [
        "2024-04-16T16:44:00.470390Z",
        "2024-07-31T06:58:20.000000Z",
        "2024-07-31T06:58:29.639551971Z",
        "2024-07-31T06:58:29.000000001Z",
        "0099-01-02T03:04:05.678901Z",
    ],
)
def test_rfc3339_is_the_wires_own_form(text: str) -> None:
    """A text of the service is written back: six digits, nine if six are too few, and a year of four."""
    assert Timestamp.parse(text).rfc3339() == text


def test_rfc3339_is_short_and_in_utc() -> None:
    """Three zeros at the end are not written, and the zone is UTC."""
    assert Timestamp.parse("2024-07-31T06:58:46.500000000Z").rfc3339() == "2024-07-31T06:58:46.500000Z"
    assert early.astimezone(EAST).rfc3339() == "2024-07-31T06:58:29.639551971Z"


@settings(max_examples=40)
@given(timestamps)
def test_text_round_trip(moment: Timestamp) -> None:
    """A text has every nanosecond."""
    again = Timestamp.parse(moment.rfc3339())

    assert again == moment
    assert again.nanosecond == moment.nanosecond


@settings(max_examples=60)
@given(timestamps, timestamps)
def test_comparing_is_comparing_nanoseconds(one: Timestamp, other: Timestamp) -> None:
    """All six comparisons count nanoseconds, and equal times have equal hashes."""
    a, b = ((*moment.timetuple()[:6], moment.nanosecond) for moment in (one, other))

    assert [one == other, one != other, one < other, one <= other, one > other, one >= other] == [
        a == b,
        a != b,
        a < b,
        a <= b,
        a > b,
        a >= b,
    ]
    assert one != other or hash(one) == hash(other)


def test_a_nanosecond_apart() -> None:
    """Times of the same microsecond have an order, also in sorted(), min() and max()."""
    assert early != late
    assert not early == late  # noqa: SIM201 - the other operator
    assert early < late
    assert early <= late
    assert not early >= late
    assert not early > late
    assert (min(late, early), max(early, late)) == (early, late)
    assert sorted([late, early]) == [early, late]


def test_comparing_with_a_plain_datetime() -> None:
    """A plain datetime has no nanoseconds beyond its microseconds, on either side."""
    whole = Timestamp.parse("2024-07-31T06:58:29.639551Z")

    assert whole == plain
    assert plain == whole
    assert hash(whole) == hash(plain)
    assert {plain: "found"}[whole] == "found"
    assert early != plain
    assert plain != early
    assert plain < early
    assert early > plain
    assert plain <= early
    assert not plain >= early
    assert whole.astimezone(EAST) == whole


def test_comparing_with_a_datetime_without_zone() -> None:
    """A datetime without a zone is not equal and has no order, as with every aware datetime."""
    naive = plain.replace(tzinfo=None)

    assert early != naive
    with pytest.raises(TypeError):
        assert early < naive


@pytest.mark.parametrize("other", [None, "2024-07-31T06:58:29.639551971Z", 0, [], plain.date()])
def test_comparing_with_something_else(other: Any) -> None:
    """Another value is never equal, and causes no warning."""
    assert not early == other  # noqa: SIM201 - the other operator
    assert early != other
    assert not other == early  # noqa: SIM201 - the other operator
    with pytest.raises(TypeError):
        assert early < other


@pytest.mark.parametrize(
    "copied",
    [
        pytest.param(copy.copy, id="copy"),
        pytest.param(copy.deepcopy, id="deepcopy"),
        *(
            pytest.param(lambda value, protocol=protocol: pickle.loads(pickle.dumps(value, protocol)), id=f"{protocol}")
            for protocol in (0, 2, pickle.HIGHEST_PROTOCOL)
        ),
    ],
)
@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(early, id="utc"),
        pytest.param(early.astimezone(EAST), id="east"),
        pytest.param(early.replace(tzinfo=None), id="naive"),
    ],
)
def test_copies_are_the_same(moment: Timestamp, copied: Any) -> None:
    """Every kind of copy has the nanoseconds and the zone."""
    again = copied(moment)

    assert type(again) is Timestamp
    assert again == moment
    assert (again.nanosecond, again.utcoffset()) == (moment.nanosecond, moment.utcoffset())


def test_hour_that_comes_twice() -> None:
    """A copy of a time in the second of two equal hours is in the second hour."""
    moment = Timestamp(2024, 10, 27, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1)

    assert [again.utcoffset() for again in (copy.copy(moment), pickle.loads(pickle.dumps(moment)))] == [
        timedelta(hours=1)
    ] * 2


def test_replace_keeps_nanoseconds() -> None:
    """A new part does not change the nanoseconds; a new microsecond sets them to 0."""
    other = early.replace(2025, 1, hour=7)

    assert other == Timestamp(2025, 1, 31, 7, 58, 29, nanosecond=639_551_971)
    assert early.replace(microsecond=639551) == plain
    assert early.replace(2024, 7, 31, 6, 58, 29, 639551) == plain
    assert early.replace(tzinfo=None).nanosecond == early.nanosecond
    assert early.replace(fold=1).fold == 1


def test_replace_nanosecond() -> None:
    """A given nanosecond replaces the fraction of the second. It must not contradict a given microsecond."""
    moment = early.replace(nanosecond=123_456_789, tzinfo=EAST)

    assert (type(moment), moment.microsecond, moment.nanosecond) == (Timestamp, 123_456, 123_456_789)
    assert (moment.second, moment.tzinfo) == (early.second, EAST)
    assert early.replace(nanosecond=0).nanosecond == 0
    assert early.replace(microsecond=5, nanosecond=5_001).nanosecond == 5_001
    assert early.replace(fold=1, nanosecond=1).fold == 1
    with pytest.raises(ValueError, match=r"^microsecond 5 and nanosecond 4001 contradict each other$"):
        early.replace(microsecond=5, nanosecond=4_001)
    with pytest.raises(ValueError, match=r"^nanosecond must be from 0 to 999999999, got 1000000000$"):
        early.replace(nanosecond=1_000_000_000)


@pytest.mark.parametrize("zone", [EAST, ZoneInfo("Europe/Berlin"), timezone.utc, None], ids=str)
def test_astimezone_is_the_same_moment(zone: Any) -> None:
    """A time in another zone has the same nanosecond."""
    other = early.astimezone(zone)

    assert other == early
    assert other.nanosecond == early.nanosecond
    assert zone is None or other.tzinfo is zone


def test_arithmetic_is_datetimes() -> None:
    """Sums and differences are exact to the microsecond."""
    later = early + timedelta(seconds=1)

    assert later == plain + timedelta(seconds=1)
    assert later.rfc3339() == "2024-07-31T06:58:30.639551Z"
    assert (later - timedelta(seconds=1)).nanosecond == 639_551_000
    assert late - early == timedelta(0)
    assert later - early == timedelta(seconds=1)
    assert plain - early == timedelta(0)
    assert early.timestamp() == plain.timestamp()
    assert early.isoformat() == plain.isoformat()


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: Timestamp.fromtimestamp(1.5, timezone.utc), id="fromtimestamp"),
        pytest.param(lambda: Timestamp.fromisoformat("1970-01-01T00:00:01.500000+00:00"), id="fromisoformat"),
        pytest.param(lambda: Timestamp.combine(plain.date(), plain.timetz()).replace(1970, 1, 1, 0, 0, 1, 500_000)),
        pytest.param(lambda: Timestamp.strptime("1970 1.5 +0000", "%Y %S.%f %z"), id="strptime"),
    ],
)
def test_methods_of_datetime_make_a_timestamp(make: Any) -> None:
    """Every constructor of datetime makes a Timestamp."""
    moment = make()

    assert type(moment) is Timestamp
    assert moment.rfc3339() == "1970-01-01T00:00:01.500000Z"


def test_repr_makes_it_again() -> None:
    """In UTC the repr has the nanoseconds, and is Python code for an equal time."""
    assert repr(early) == "Timestamp.parse('2024-07-31T06:58:29.639551971Z')"
    assert eval(repr(early)) == early
    assert repr(early.astimezone(EAST)).startswith("Timestamp(2024, 7, 31, 8, 58, 29, 639551, tzinfo=")
    assert repr(Timestamp(1, 1, 1, tzinfo=None)) == "Timestamp(1, 1, 1, 0, 0)"


@pytest.mark.parametrize(
    "parts",
    [{"nanosecond": -1}, {"nanosecond": 1_000_000_000}, {"microsecond": 5, "nanosecond": 6000}, {"microsecond": -1}],
    ids=str,
)
def test_parts_that_cannot_be(parts: dict[str, Any]) -> None:
    """Nanoseconds beyond the second, or of another microsecond, are refused."""
    with pytest.raises(ValueError, match="second"):
        Timestamp(2024, 7, 31, **parts)


def test_microsecond_and_nanosecond_that_agree() -> None:
    """A microsecond and a nanosecond are valid together if they agree."""
    assert Timestamp(2024, 7, 31, microsecond=5, nanosecond=5999).nanosecond == 5999
    assert Timestamp(2024, 7, 31, microsecond=5).nanosecond == 5000
