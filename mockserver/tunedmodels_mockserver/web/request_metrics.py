"""Counts the requests of a server since its start, by method and status, with durations and faults."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import Counter

import msgspec

from ..core.journal.raw_entry import RawEntry
from ..wire.units import SECOND

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds

UNKNOWN = "unknown"
"""The name that stands for the method of a request without a route."""


class Durations(msgspec.Struct):
    """The durations of the answers to one method.

    ``counts`` has the number of answers up to each of ``BOUNDS`` and above the bound before; its last number is that of
    the answers above all bounds. ``total`` is the sum of the durations in seconds.
    """

    counts: list[int] = msgspec.field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    total: float = 0.0


class RequestMetrics:
    """Counts of one server's requests. Threads can share it.

    All worlds count together, because a test suite creates thousands of them.
    """

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, int]] = Counter()
        self._faults: Counter[str] = Counter()
        self._durations: dict[str, Durations] = {}
        self._lock = threading.Lock()

    def count(self, entry: RawEntry) -> None:
        """Count *entry*. The duration of a stream is the time until it begins."""
        seconds = (entry.ended - entry.started) / SECOND
        method = entry.method or UNKNOWN
        with self._lock:
            self._requests[method, entry.status] += 1
            durations = self._durations.get(method)
            if durations is None:
                durations = self._durations[method] = Durations()
            durations.counts[bisect_left(BOUNDS, seconds)] += 1
            durations.total += seconds
            if entry.fault:
                self._faults.update(part.rpartition(" ")[2] for part in entry.fault.split(", "))

    def requests(self) -> dict[tuple[str, int], int]:
        """Return the numbers of requests, by method and HTTP status."""
        with self._lock:
            return dict(self._requests)

    def faults(self) -> dict[str, int]:
        """Return the numbers of faults that fired, by effect."""
        with self._lock:
            return dict(self._faults)

    def durations(self) -> dict[str, Durations]:
        """Return a copy of the durations of answers, by method."""
        with self._lock:
            return {name: Durations(list(item.counts), item.total) for name, item in self._durations.items()}
