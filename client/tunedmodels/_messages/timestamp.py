"""Timestamps: moments with the nanoseconds that the service gives and Python's datetimes have no room for."""

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
    """A moment, in UTC unless said otherwise: a datetime with one attribute more, ``nanosecond``.

    ``microsecond`` is ``nanosecond`` without its last three digits. Comparing, ``replace`` and ``astimezone`` know
    the nanoseconds; arithmetic and what else is datetime's own know microseconds only.
    """

    # Nanoseconds beyond the microsecond. A class has it too: some of datetime's methods pass __new__ by.
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
        rest = 0
        if nanosecond is not None:
            if not 0 <= nanosecond < 1_000_000_000:
                raise ValueError(f"nanosecond must be from 0 to 999999999, got {nanosecond}")
            if microsecond not in (0, nanosecond // 1000):
                raise ValueError(f"microsecond {microsecond} and nanosecond {nanosecond} say two things")
            microsecond, rest = divmod(nanosecond, 1000)
        timestamp = super().__new__(cls, year, month, day, hour, minute, second, microsecond, tzinfo, fold=fold)
        timestamp._extra_nanoseconds = rest
        return timestamp

    @classmethod
    def parse(cls, text: str) -> Timestamp:
        """Return the moment that *text*, in the form of RFC 3339 and with nine digits at most, says, in UTC.

        Raises ValueError for any other text.
        """
        match = _TEXT.fullmatch(text)
        if match is None:
            raise ValueError(f"not a time in the form of RFC 3339: {text!r}")
        try:
            whole = datetime.fromisoformat(f"{match[1].upper()}{match[3] or '+00:00'}").astimezone(timezone.utc)
        except OverflowError as error:
            raise ValueError(f"not a time from the year 1 to 9999 in UTC: {text!r}") from error
        nanosecond = int((match[2] or "").ljust(9, "0"))
        return cls(*whole.timetuple()[:6], nanosecond=nanosecond)

    @property
    def nanosecond(self) -> int:
        """The nanoseconds of the second, from 0 to 999,999,999."""
        return self.microsecond * 1000 + self._extra_nanoseconds

    def rfc3339(self) -> str:
        """Return the moment as the wire has it: in UTC, with six digits, or nine where six do not do."""
        whole = _to_datetime(self).astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
        micro, rest = divmod(self.nanosecond, 1000)
        return f"{whole.rjust(19, '0')}.{micro:06d}{f'{rest:03d}' if rest else ''}Z"

    def replace(self, *parts: Any, **members: Any) -> Timestamp:
        """Return it with other parts, as datetime does; the nanoseconds stay unless the microsecond is given."""
        has_microsecond = len(parts) > 6 or "microsecond" in members
        return _from_datetime(
            _to_datetime(self).replace(*parts, **members), 0 if has_microsecond else self._extra_nanoseconds
        )

    def astimezone(self, tz: tzinfo | None = None) -> Timestamp:
        """Return the same moment, to the nanosecond, in another time zone; None is the machine's own."""
        return _from_datetime(_to_datetime(self).astimezone(tz), self._extra_nanoseconds)

    def __eq__(self, other: object) -> bool:
        """Compare to the nanosecond; a plain datetime has none beyond its microseconds."""
        return self._compare(other, operator.eq)

    def __ne__(self, other: object) -> bool:
        """Compare to the nanosecond."""
        return self._compare(other, operator.ne)

    def __lt__(self, other: datetime) -> bool:  # type: ignore[override]  # as datetime itself has it
        """Compare to the nanosecond."""
        return self._compare(other, operator.lt)

    def __le__(self, other: datetime) -> bool:  # type: ignore[override]  # as datetime itself has it
        """Compare to the nanosecond."""
        return self._compare(other, operator.le)

    def __gt__(self, other: datetime) -> bool:  # type: ignore[override]  # as datetime itself has it
        """Compare to the nanosecond."""
        return self._compare(other, operator.gt)

    def __ge__(self, other: datetime) -> bool:  # type: ignore[override]  # as datetime itself has it
        """Compare to the nanosecond."""
        return self._compare(other, operator.ge)

    def __hash__(self) -> int:
        """Hash as the datetime does, so that equal moments have equal hashes."""
        return super().__hash__()

    def __repr__(self) -> str:
        """Show a moment in UTC as the wire has it, others as datetime does."""
        return f"Timestamp.parse({self.rfc3339()!r})" if self.tzinfo is timezone.utc else super().__repr__()

    def __reduce_ex__(self, _protocol: Any) -> tuple[Any, ...]:
        """Let it travel between processes with its nanoseconds."""
        return _from_datetime, (_to_datetime(self), self._extra_nanoseconds)

    def __reduce__(self) -> tuple[Any, ...]:
        """Let it travel between processes with its nanoseconds."""
        return self.__reduce_ex__(2)

    def _compare(self, other: object, by: Callable[[Any, Any], bool]) -> bool:
        if not isinstance(other, datetime):
            return by(_to_datetime(self), other)
        rest = other._extra_nanoseconds if isinstance(other, Timestamp) else 0
        return by((_to_datetime(self), self._extra_nanoseconds), (_to_datetime(other), rest))


def _to_datetime(moment: datetime) -> datetime:
    """Return *moment* as a datetime that is nothing more."""
    return datetime.combine(moment.date(), moment.timetz())


def _from_datetime(plain: datetime, rest: int) -> Timestamp:
    """Return *plain* with *rest* nanoseconds more."""
    parts = (plain.year, plain.month, plain.day, plain.hour, plain.minute, plain.second)
    return Timestamp(*parts, nanosecond=plain.microsecond * 1000 + rest, tzinfo=plain.tzinfo, fold=plain.fold)
