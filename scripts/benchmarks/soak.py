"""The command ``scripts/soak``: mixed traffic with faults and worlds, and a look at what must stay flat."""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from dataclasses import dataclass, field
from pathlib import Path

from . import load, machine, mockserver
from .health_probe import probe_health
from .load import Request
from .peers import CACHE
from .server_process import ServerProcess
from .statistic import percentile
from .table import head, markdown_table, with_section

SHARE = 0.8  # of the rate that the server reaches with the same mix
CONNECTIONS = 16
WARM = 0.3  # of the time: caches and the journal may still fill
GROWTH_MIB = 8.0
SLOWER = 3.0  # times the p99 of the first half
HEALTH_MS = 50.0  # the longest wait for /health while bodies are small
LARGE_MIB = (1, 4, 16)  # bodies that are sent after the soak, four at once
ALWAYS = {"probability": 0.01, "times": None}
FAULTS = (
    {**ALWAYS, "method": "*.get", "error": "UNAVAILABLE"},
    {**ALWAYS, "method": "*.list", "latency": {"seconds": 0.05}},
    {**ALWAYS, "method": "*.streamGenerateContent", "slow": {"bytes": 256, "pause": 0.01}},
)
EXPECTED = (200, 503)  # of calls without a world of their own


@dataclass(slots=True)
class Sample:
    """The server at one moment, and the p99 in milliseconds since the moment before."""

    seconds: float
    memory_mib: float
    files: int
    threads: int
    p99: float
    requests: int


@dataclass(slots=True)
class Traffic:
    """Counts of what the server answered, and latencies in milliseconds since the last sample."""

    answers: dict[int, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)


def complaints(samples: list[Sample], traffic: Traffic, health: list[float], status: int) -> list[str]:
    """Return what must not be; an empty list if the server held. *health* is in milliseconds. Pure."""
    found = (
        [f"{len(traffic.unexpected)} answers that nobody asked for, first {traffic.unexpected[0]}"]
        if traffic.unexpected
        else []
    )
    if not health:
        found.append("nobody asked /health")
    elif max(health) > HEALTH_MS:
        late = sum(one > HEALTH_MS for one in health)
        found.append(f"/health took {max(health):.1f} ms, and more than {HEALTH_MS:.0f} ms {late} times")
    if status:
        found.append(f"the server ended with status {status}")
    steady = samples[int(len(samples) * WARM) :]
    if len(steady) < 4:
        return [*found, "the run was too short to judge what stays flat"]
    half = len(steady) // 2
    first, last = steady[:half], steady[half:]
    growth = max(one.memory_mib for one in last) - max(one.memory_mib for one in first)
    if growth > GROWTH_MIB:
        found.append(f"memory grew by {growth:.1f} MiB")
    found += [
        f"{name} grew from {max(before)} to {max(after)}"
        for name, before, after in (
            ("files", [one.files for one in first], [one.files for one in last]),
            ("threads", [one.threads for one in first], [one.threads for one in last]),
        )
        if max(after) > max(before) + 4
    ]
    earlier, later = (sorted(one.p99 for one in part)[len(part) // 2] for part in (first, last))
    if later > SLOWER * earlier:
        found.append(f"p99 rose from {earlier:.1f} to {later:.1f} ms")
    return found


async def _traffic(url: str, calls: list[Request], end: float, rate: float | None, traffic: Traffic) -> None:
    """Send *calls* at random over one connection until *end*, *rate* a second or as fast as it goes."""
    draw = random.Random(len(traffic.answers))
    streams = await load.open_connection(url)
    due = time.perf_counter()
    while time.perf_counter() < end:
        call = draw.choice(calls)
        began = time.perf_counter()
        try:
            status, keep = await load.ask(streams, url, call)
        except (OSError, EOFError, ValueError) as error:
            status, keep = 0, False
            traffic.unexpected.append(f"{call.method} {call.path}: {type(error).__name__}: {error}")
        else:
            if status not in EXPECTED:
                traffic.unexpected.append(f"{call.method} {call.path}: {status}")
        traffic.latencies.append((time.perf_counter() - began) * 1e3)
        traffic.answers[status] = traffic.answers.get(status, 0) + 1
        if not keep:
            streams[1].close()
            streams = await load.open_connection(url)
        if rate is not None:
            due = max(due + 1 / rate, began - 1)
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
    streams[1].close()


async def _worlds(url: str, end: float, traffic: Traffic) -> None:
    """Make worlds, use them and drop them until *end*."""
    number = 0
    body = json.dumps(mockserver.training()).encode()
    while time.perf_counter() < end:
        headers = {"X-Test-Id": f"soak-{number}", "Content-Type": "application/json"}
        for call in (
            Request(mockserver.CREATE, "POST", body, headers),
            Request("/v1beta/tunedModels", headers=headers),
            Request("/_emulator/reset", "POST", b"{}", headers),
            Request("/_emulator/world", "DELETE", headers=headers),
        ):
            streams = await load.open_connection(url)
            status, _ = await load.ask(streams, url, call)
            streams[1].close()
            traffic.answers[status] = traffic.answers.get(status, 0) + 1
            if not 200 <= status < 300:
                traffic.unexpected.append(f"{call.method} {call.path}: {status}")
        number += 1
        await asyncio.sleep(0.1)


async def _send(url: str, calls: list[Request], seconds: float, rate: float | None, traffic: Traffic) -> float:
    began = time.perf_counter()
    end = began + seconds
    share = None if rate is None else rate / CONNECTIONS
    await asyncio.gather(*(_traffic(url, calls, end, share, traffic) for _ in range(CONNECTIONS)))
    return sum(traffic.answers.values()) / (time.perf_counter() - began)


async def _soak(
    server: ServerProcess, calls: list[Request], seconds: float, rate: float, traffic: Traffic
) -> list[Sample]:
    samples: list[Sample] = []
    began = time.perf_counter()

    async def watch() -> None:
        while True:
            await asyncio.sleep(max(0.5, seconds / 60))
            latencies, traffic.latencies = sorted(traffic.latencies), []
            samples.append(
                Sample(
                    round(time.perf_counter() - began, 1),
                    round(server.memory() / 2**20, 2),
                    server.files(),
                    server.threads(),
                    round(percentile(latencies, 99), 2),
                    len(latencies),
                )
            )

    watching = asyncio.create_task(watch())
    await asyncio.gather(
        _send(server.url, calls, seconds, rate, traffic), _worlds(server.url, began + seconds, traffic)
    )
    watching.cancel()
    return samples


async def _send_large(url: str, path: str, mib: int) -> None:
    """Send prompts of *mib* MiB to *path* over four connections, five each."""
    text = "many words " * (mib * 2**20 // 11)
    body = json.dumps({"contents": [{"role": "user", "parts": [{"text": text}]}]}).encode()
    call = Request(path, "POST", body, mockserver.JSON)

    async def send() -> None:
        streams = await load.open_connection(url)
        for _ in range(5):
            status, _ = await load.ask(streams, url, call)
            if status != 200:
                raise ValueError(f"a prompt of {mib} MiB was answered with {status}")
        streams[1].close()

    await asyncio.gather(*(send() for _ in range(4)))


def main() -> int:
    """Run, print the figures, write the files, and return 1 if the server did not hold."""
    made = argparse.ArgumentParser(prog="scripts/soak", description="Send mixed traffic, faults on, for minutes.")
    made.add_argument("--seconds", type=float, default=600, help="how long (default: 600)")
    made.add_argument("--output", type=Path, default=CACHE / "results", help="the folder for soak.json and soak.md")
    made.add_argument("--write", type=Path, metavar="PAGE", help="also write the figures into the marked place of PAGE")
    options = made.parse_args()
    large: dict[int, list[float]] = {}
    environment = machine.environment(machine.look(), "a client of this project in Python").to_json()
    server = mockserver.serve(*mockserver.options_for())
    try:
        found = mockserver.fill(server.url).requests
        calls = [found[name] for name in ("operation", "operation", "operation", "model", "list", "generate", "stream")]
        with machine.on_core(1):
            reached = asyncio.run(_send(server.url, calls, min(5, options.seconds / 4), None, Traffic()))
            for fault in FAULTS:
                mockserver.call(server.url, "POST", "/_emulator/faults", fault)
            traffic = Traffic()
            with probe_health(server.url) as health:
                samples = asyncio.run(_soak(server, calls, options.seconds, SHARE * reached, traffic))
            mockserver.call(server.url, "DELETE", "/_emulator/faults")
            for mib in LARGE_MIB:
                with probe_health(server.url) as large[mib]:
                    asyncio.run(_send_large(server.url, found["generate"].path, mib))
    finally:
        status = server.stop()
    bad = complaints(samples, traffic, health, status)
    picked = samples[:: max(1, len(samples) // 10)]
    columns = ["s", "MiB", "files", "threads", "p99 ms", "requests"]
    rows = [[str(v) for v in (s.seconds, s.memory_mib, s.files, s.threads, s.p99, s.requests)] for s in picked]
    summary = f"The rate is {SHARE:.0%} of {reached:,.0f} requests a second. Answers by status: {traffic.answers}."
    waits = [["`/health` meanwhile", "answers", "median ms", "p99 ms", "worst ms"]] + [
        [name, str(len(one)), *(f"{percentile(sorted(one), share):.1f}" for share in (50, 99, 100))]
        for name, one in [("the mixed traffic", health)]
        + [(f"four prompts of {mib} MiB at once", one) for mib, one in large.items()]
    ]
    text = "\n\n".join(
        [head(environment, 1, options.seconds, False), summary]
        + [markdown_table([columns, *rows]), markdown_table(waits)]
        + ([f"**It did not hold:** {'; '.join(bad)}."] if bad else ["It held."])
    )
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "soak.md").write_text(text + "\n", encoding="utf-8")
    figures = {
        "environment": environment,
        "rate": SHARE * reached,
        "answers": traffic.answers,
        "unexpected": traffic.unexpected[:100],
        "complaints": bad,
        "health": {"traffic": percentile(sorted(health), 100)}
        | {f"{mib} MiB": percentile(sorted(one), 100) for mib, one in large.items()},
        "samples": [{name: getattr(one, name) for name in Sample.__slots__} for one in samples],
    }
    (options.output / "soak.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    if options.write:
        page = options.write.read_text(encoding="utf-8")
        options.write.write_text(with_section(page, text, "scripts/soak"), encoding="utf-8")
    print(text)
    return 1 if bad else 0
