"""Describes the machine, says whether it is quiet enough to compare on, and gives each process its core."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]

MOST_LOAD = 0.5  # of one core: processes that ran or waited during the last minute
MOST_USE = 0.15  # of all cores, while nothing of ours runs
MOST_STEAL = 0.03  # of all cores: taken by other virtual machines


@dataclass(frozen=True, slots=True)
class Quiet:
    """What others do on the machine: *load* is the average of a minute, the rest are shares of 1."""

    load: float
    use: float
    steal: float

    def complaints(self) -> list[str]:
        """Return why figures of this moment cannot be compared; an empty list if they can."""
        found = []
        if self.load > MOST_LOAD:
            found.append(f"the load average of the last minute is {self.load:.2f}, more than {MOST_LOAD}")
        if self.use > MOST_USE:
            found.append(f"other processes use {self.use:.0%} of the cores, more than {MOST_USE:.0%}")
        if self.steal > MOST_STEAL:
            found.append(f"the hypervisor takes {self.steal:.0%} of the cores, more than {MOST_STEAL:.0%}")
        return found


def look(seconds: float = 2.0) -> Quiet:
    """Watch the cores for *seconds* and return what others do on them."""
    psutil.cpu_times_percent()
    time.sleep(seconds)
    times = psutil.cpu_times_percent()
    steal = getattr(times, "steal", 0.0)
    return Quiet(psutil.getloadavg()[0], (100 - times.idle - getattr(times, "iowait", 0.0) - steal) / 100, steal / 100)


@dataclass(frozen=True, slots=True)
class Environment:
    """The computer and the code of one run, for the head of its figures."""

    date: str
    commit: str
    python: str
    system: str
    cpu: str
    cores: int
    memory_gib: float
    load: float
    steal: float
    pinned: bool
    busy: list[str]
    generator: str

    def to_json(self) -> dict[str, Any]:
        """Return the members as plain values."""
        return asdict(self)


def environment(quiet: Quiet, generator: str) -> Environment:
    """Return the description of this machine, with *quiet* as its state and *generator* as what makes the load."""
    return Environment(
        date=datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        commit=_commit(),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        system=f"{platform.system()} {platform.release()}",
        cpu=_cpu(),
        cores=len(cores()),
        memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
        load=round(quiet.load, 2),
        steal=round(quiet.steal, 3),
        pinned=len(cores()) > 1 and hasattr(os, "sched_setaffinity"),
        busy=quiet.complaints(),
        generator=generator,
    )


def _commit() -> str:
    try:
        commit = subprocess.check_output(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], text=True).strip()
        changes = subprocess.check_output(["git", "-C", str(ROOT), "status", "--porcelain", "-uno"], text=True).strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit + (" and changes" if changes else "")


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def cores() -> list[int]:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


ALL_CORES = frozenset(cores())


@contextmanager
def on_core(index: int) -> Iterator[None]:
    """Pin this thread, and the processes that it starts during the block, to a core; with one core, do nothing.

    *index* counts from the last core: 0 is the servers' core, 1 the core of the load.
    """
    if len(ALL_CORES) < 2 or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(ALL_CORES)[-1 - index]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
