"""Requests over HTTP, beside the peers.

All targets are up at once, and in each round the load visits one after the other.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from . import load, mockserver
from .load import Load, Request
from .peers import Peer
from .server_process import ServerFailed, ServerProcess
from .statistic import median, ratio

OURS = "ours"
CONNECTIONS = (1, 16, 64)
NAMES = {
    "operation": "GET operation (20 snapshots)",
    "model": "GET model",
    "list": "list of 10",
    "generate": "POST generate",
    "create": "POST create (20 examples)",
    "stream": "stream of 20 chunks",
}


@dataclass(frozen=True, slots=True)
class Target:
    """A server that runs, with the requests that it answers."""

    name: str
    note: str
    server: ServerProcess
    requests: dict[str, Request]


@dataclass(slots=True)
class Series:
    """The rounds of one target with one number of connections."""

    loads: list[Load] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)  # microseconds a request

    def rates(self) -> list[float]:
        """Return the requests a second, a round each."""
        return [one.rate for one in self.loads]

    def p50(self) -> list[float]:
        """Return the median latencies in microseconds, a round each."""
        return [one.p50 for one in self.loads]

    def p99(self) -> list[float]:
        """Return the 99th percentiles in microseconds, a round each."""
        return [one.p99 for one in self.loads]

    def errors(self) -> int:
        """Return how many requests failed."""
        return sum(one.errors for one in self.loads)


Figures = dict[int, dict[str, Series]]


@contextmanager
def targets(peers: Sequence[Peer]) -> Iterator[tuple[list[Target], dict[str, str]]]:
    """Run our server and *peers* during the block, and yield them and why others are left out."""
    absent: dict[str, str] = {}
    with ExitStack() as stack:
        ours = stack.enter_context(mockserver.server(*mockserver.options_for()))
        payloads = mockserver.fill(ours.url)
        found = [Target(OURS, "", ours, payloads.requests)]
        for peer in peers:
            if reason := peer.missing():
                absent[peer.name] = reason
                continue
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            try:
                server, calls = peer.start(folder, payloads)
            except (ServerFailed, OSError) as error:
                absent[peer.name] = f"it does not start: {error}"
                continue
            stack.callback(server.stop)
            found.append(Target(peer.name, peer.note, server, calls))
        yield found, absent


def measure(running: Sequence[Target], name: str, rounds: int, seconds: float) -> Figures:
    """Send the request *name* to all that answer it, and return the rounds by connections and target."""
    able = [target for target in running if name in target.requests]
    for target in able:
        mockserver.body(target.server.url, target.requests[name])  # an answer that is no success ends the case
        load.send(target.server.url, target.requests[name], 16, 1)
    figures: Figures = {}
    for connections in CONNECTIONS:
        series = {target.name: Series() for target in able}
        for _ in range(rounds):
            for target in able:
                before = target.server.cpu()
                one = load.send(target.server.url, target.requests[name], connections, seconds)
                series[target.name].cpu.append((target.server.cpu() - before) / max(1, one.requests) * 1e6)
                series[target.name].loads.append(one)
        figures[connections] = series
    return figures


def ratio_to(figures: Figures, connections: int, peer: str) -> float | None:
    """Return our rate over that of *peer*, round by round; None if it was not measured."""
    series = figures.get(connections, {})
    return ratio(series[OURS].rates(), series[peer].rates()) if peer in series else None


def rows(figures: Figures) -> list[list[str]]:
    """Return a row for each target, the head first."""
    head = [
        "",
        *(f"{number} conn.: rps / p50 / p99 µs" for number in figures),
        "CPU µs at 16",
        "ours ÷ it at 16",
    ]
    lines = [head]
    for name in figures[CONNECTIONS[0]]:
        cells = [
            " / ".join(f"{median(v):,.0f}" for v in (series[name].rates(), series[name].p50(), series[name].p99()))
            + (f" ({series[name].errors()} failed)" if series[name].errors() else "")
            for series in figures.values()
        ]
        share = ratio_to(figures, 16, name)
        cpu = f"{median(figures[16][name].cpu):,.0f}" if 16 in figures else ""
        lines.append([name, *cells, cpu, f"{share:.3g}" if share is not None else ""])
    return lines


def flat(name: str, figures: Figures) -> dict[str, float]:
    """Return the figures by name, such as ``operation.16.ratio.aimock``."""
    found: dict[str, float] = {}
    for connections, series in figures.items():
        for target, one in series.items():
            prefix = f"{name}.{connections}"
            found[f"{prefix}.rate.{target}"] = median(one.rates())
            found[f"{prefix}.p50.{target}"] = median(one.p50())
            found[f"{prefix}.p99.{target}"] = median(one.p99())
            found[f"{prefix}.cpu.{target}"] = median(one.cpu)
            found[f"{prefix}.errors.{target}"] = one.errors()
            if target != OURS:
                found[f"{prefix}.ratio.{target}"] = ratio(series[OURS].rates(), one.rates()) or 0.0
                found[f"{prefix}.p50_ratio.{target}"] = ratio(series[OURS].p50(), one.p50()) or 0.0
        found[f"{name}.{connections}.p99_over_p50"] = ratio(series[OURS].p99(), series[OURS].p50()) or 0.0
    return found
