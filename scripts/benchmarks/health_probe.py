"""Asks ``/health`` over and over from a process of its own, so that no work of the load delays the watch."""

from __future__ import annotations

import http.client
import multiprocessing
import multiprocessing.connection
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

PAUSE = 0.02  # seconds between an answer and the next question


@contextmanager
def probe_health(url: str) -> Iterator[list[float]]:
    """Ask ``/health`` of the server at *url* during the block; then the list holds the milliseconds of each answer.

    A question that fails counts as infinitely long. The process runs on the cores of its parent.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_ask, args=(url, theirs), daemon=True)
    process.start()
    latencies: list[float] = []
    try:
        ours.recv()  # it runs
        yield latencies
    finally:
        ours.send("end")
        if ours.poll(30):
            latencies += ours.recv()
        process.join(5)
        process.kill()


def _ask(url: str, pipe: multiprocessing.connection.Connection) -> None:
    address = urlsplit(url)
    latencies: list[float] = []
    pipe.send("runs")
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=20)
    while not pipe.poll(PAUSE):
        began = time.perf_counter()
        try:
            connection.request("GET", "/health")
            answer = connection.getresponse()
            answer.read()
        except OSError:
            connection.close()
            latencies.append(float("inf"))
        else:
            latencies.append((time.perf_counter() - began) * 1e3 if answer.status == 200 else float("inf"))
    pipe.send(latencies)
