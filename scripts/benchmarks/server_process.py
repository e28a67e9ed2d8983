"""A server in a process of its own, with the CPU time, the memory and the threads of its whole process tree."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psutil
import requests

from . import machine

PATIENCE = 60.0  # seconds until a server must answer


class ServerFailed(Exception):
    """A server ended, or did not answer, before it was ready."""


@dataclass(slots=True)
class ServerProcess:
    """A server that answers at *url*; *seconds* is how long it took from its start to READY or its first answer."""

    url: str
    process: subprocess.Popen[str]
    seconds: float

    def tree(self) -> list[psutil.Process]:
        """Return the process and all processes below it."""
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def cpu(self) -> float:
        """Return the seconds that the tree has spent on cores so far."""
        return sum(times.user + times.system for times in (process.cpu_times() for process in self.tree()))

    def memory(self) -> int:
        """Return the bytes of the tree that no other process shares."""
        return sum(_memory(process) for process in self.tree())

    def threads(self) -> int:
        """Return the number of threads of the tree."""
        return sum(process.num_threads() for process in self.tree())

    def files(self) -> int:
        """Return the number of open files and sockets of the tree."""
        return sum(process.num_fds() for process in self.tree())

    def stop(self) -> int:
        """Send SIGTERM, wait, and return the status."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(15)
        except subprocess.TimeoutExpired:
            for process in self.tree():
                process.kill()
            return self.process.wait(15)


def _memory(process: psutil.Process) -> int:
    # A resident set counts pages of shared libraries too, for every peer alike: it is what a container is billed for.
    return int(process.memory_info().rss)


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def start(
    command: Sequence[str],
    url: str = "",
    path: str = "/",
    environ: Mapping[str, str] | None = None,
    cwd: str | None = None,
    core: int = 0,
) -> ServerProcess:
    """Start *command*. With *url*, it is ready when it answers at *path*; else when it prints READY.

    *core* is as ``machine.on_core`` counts; 0 is the servers' core.

    Raises ServerFailed if it ends, or does not answer, first.
    """
    began = time.perf_counter()
    with machine.on_core(core):
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if url else subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **(environ or {})},
            cwd=cwd,
        )
    try:
        return ServerProcess(_wait(process, url, path), process, time.perf_counter() - began)
    except BaseException:
        process.kill()
        process.wait()
        raise


def _wait(process: subprocess.Popen[str], url: str, path: str) -> str:
    if not url:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line.startswith("READY "):
            raise ServerFailed(f"It printed {line!r} in place of READY.")
        threading.Thread(target=process.stdout.read, daemon=True).start()
        return line.split()[1].removeprefix("url=")
    end = time.perf_counter() + PATIENCE
    while time.perf_counter() < end:
        if process.poll() is not None:
            raise ServerFailed(f"It ended with status {process.returncode}.")
        try:
            requests.get(url + path, timeout=5)
        except requests.ConnectionError:
            time.sleep(0.005)
        else:
            return url
    raise ServerFailed(f"It did not answer within {PATIENCE:.0f} s.")
