"""Defines a datetime with nanoseconds. The service gives nanoseconds, and Python's datetime has only microseconds."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import datetime, timezone, tzinfo
from typing import Any

_TEXT = re.compile(
    r"(\d{4}-\d\d-\d\d[Tt](?:[01]\d|2[0-3]):\d\d:\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-](?:[01]\d|2[0-3]):[0-5]\d))",
    re.ASCII,
)


class Timestamp(datetime):
    """A datetime with the additional attribute ``nanosecond``. The default time zone is UTC.

    ``microsecond`` is ``nanosecond`` without its last three digits. Comparisons, ``replace`` and ``astimezone`` use
    the nanoseconds. Arithmetic and the other methods of datetime use only microseconds.
    """

    # The nanoseconds after the last microsecond. The class needs a default: some methods of datetime bypass __new__.
    _extra_nanoseconds: int = 0

    def __new__(
        cls,
        year: int,
        month: int,
        day: int,
        hour: int = 0,
        minute: int = 0,
        second: int = 0,
        microsecond: int = 0,
        tzinfo: tzinfo | None = timezone.utc,
        *,
        nanosecond: int | None = None,
        fold: int = 0,
    ) -> Timestamp:
        extra_nanoseconds = 0
        if nanosecond is not None:
            if not 0 <= nanosecond < 1_000_000_000:
                raise ValueError(f"nanosecond must be from 0 to 999999999, got {nanosecond}")
            if microsecond not in (0, nanosecond // 1000):
                raise ValueError(f"microsecond {microsecond} and nanosecond {nanosecond} contradict each other")
            microsecond, extra_nanoseconds = divmod(nanosecond, 1000)
        timestamp = super().__new__(cls, year, month, day, hour, minute, second, microsecond, tzinfo, fold=fold)
        timestamp._extra_nanoseconds = extra_nanoseconds
        return timestamp

    @classmethod
    def parse(cls, text: str) -> Timestamp:
        """Return the time in *text*, which has the form of RFC 3339 with at most nine decimal places, in UTC.

        Raise ValueError for any other text.
        """
        match = _TEXT.fullmatch(text)
        if match is None:
            raise ValueError(f"not a time in the form of RFC 3339: {text!r}")
        try:
            whole_second = datetime.fromisoformat(f"{match[1].upper()}{match[3] or '+00:00'}").astimezone(timezone.utc)
        except OverflowError as error:
            raise ValueError(f"not a time from the year 1 to 9999 in UTC: {text!r}") from error
        nanosecond = int((match[2] or "").ljust(9, "0"))
        return cls(*whole_second.timetuple()[:6], nanosecond=nanosecond)

    @property
    def nanosecond(self) -> int:
        """The nanoseconds of the second, from 0 to 999,999,999."""
        return self.microsecond * 1000 + self._extra_nanoseconds

    def rfc3339(self) -> str:
        """Return the time in the wire's form: in UTC, with six decimal places, or nine if six are not exact."""
        whole_second = _to_datetime(self).astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
        micro, extra_nanoseconds = divmod(self.nanosecond, 1000)
        return f"{whole_second.rjust(19, '0')}.{micro:06d}{f'{extra_nanoseconds:03d}' if extra_nanoseconds else ''}Z"

    def replace(self, *parts: Any, nanosecond: int | None = None, **members: Any) -> Timestamp:
        """Return a time with other parts, as datetime does.

        The nanoseconds stay unless the microsecond or the nanosecond is given. Raise ValueError if both are given and
        contradict each other.
        """
        has_microsecond = len(parts) > 6 or "microsecond" in members
        if nanosecond is not None:
            if not has_microsecond:
                members["microsecond"] = 0
            plain = _to_datetime(self).replace(*parts, **members)
            date_and_time = (plain.year, plain.month, plain.day, plain.hour, plain.minute, plain.second)
            return Timestamp(*date_and_time, plain.microsecond, plain.tzinfo, nanosecond=nanosecond, fold=plain.fold)
        return _from_datetime(
            _to_datetime(self).replace(*parts, **members), 0 if has_microsecond else self._extra_nanoseconds
        )

    def astimezone(self, tz: tzinfo | None = None) -> Timestamp:
        """Return the same time, with its nanoseconds, in another time zone. None is the local time zone."""
        return _from_datetime(_to_datetime(self).astimezone(tz), self._extra_nanoseconds)

    def __eq__(self, other: object) -> bool:
        """Compare with nanoseconds. A plain datetime has none beyond its microseconds."""
        return self._compare(other, operator.eq)

    def __ne__(self, other: object) -> bool:
        """Compare with nanoseconds."""
        return self._compare(other, operator.ne)

    def __lt__(self, other: datetime) -> bool:  # type: ignore[override]  # datetime has the same signature
        """Compare with nanoseconds."""
        return self._compare(other, operator.lt)

    def __le__(self, other: datetime) -> bool:  # type: ignore[override]  # datetime has the same signature
        """Compare with nanoseconds."""
        return self._compare(other, operator.le)

    def __gt__(self, other: datetime) -> bool:  # type: ignore[override]  # datetime has the same signature
        """Compare with nanoseconds."""
        return self._compare(other, operator.gt)

    def __ge__(self, other: datetime) -> bool:  # type: ignore[override]  # datetime has the same signature
        """Compare with nanoseconds."""
        return self._compare(other, operator.ge)

    def __hash__(self) -> int:
        """Return the hash of the datetime, so that equal times have equal hashes."""
        return super().__hash__()

    def __repr__(self) -> str:
        """Show a time in UTC in the wire's form, and other times as datetime does."""
        return f"Timestamp.parse({self.rfc3339()!r})" if self.tzinfo is timezone.utc else super().__repr__()

    def __reduce_ex__(self, _protocol: Any) -> tuple[Any, ...]:
        """Support pickle and copy, with the nanoseconds."""
        return _from_datetime, (_to_datetime(self), self._extra_nanoseconds)

    def __reduce__(self) -> tuple[Any, ...]:
        """Support pickle and copy, with the nanoseconds."""
        return self.__reduce_ex__(2)

    def _compare(self, other: object, by: Callable[[Any, Any], bool]) -> bool:
        if not isinstance(other, datetime):
            return by(_to_datetime(self), other)
        extra_nanoseconds = other._extra_nanoseconds if isinstance(other, Timestamp) else 0
        return by((_to_datetime(self), self._extra_nanoseconds), (_to_datetime(other), extra_nanoseconds))


def _to_datetime(moment: datetime) -> datetime:
    """Return *moment* as a plain datetime."""
    return datetime.combine(moment.date(), moment.timetz())


def _from_datetime(plain: datetime, extra_nanoseconds: int) -> Timestamp:
    """Return *plain* as a Timestamp, with *extra_nanoseconds* additional nanoseconds."""
    parts = (plain.year, plain.month, plain.day, plain.hour, plain.minute, plain.second)
    return Timestamp(
        *parts, nanosecond=plain.microsecond * 1000 + extra_nanoseconds, tzinfo=plain.tzinfo, fold=plain.fold
    )
