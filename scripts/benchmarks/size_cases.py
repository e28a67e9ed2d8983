"""Memory, many models, and runs of very many steps."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import requests

from . import load, machine, mockserver
from .load import Request
from .measurement import Measurement, Plan
from .mockserver import JSON
from .server_process import ServerProcess
from .statistic import median, ratio

MIB = 2**20
JOURNAL = 10_000  # requests that fill the journal for certain


def many(server: ServerProcess, models: int) -> None:
    """Create *models* with 20 examples each by the API, and finish their runs."""
    if models <= 0:
        return
    request = Request(mockserver.CREATE, "POST", json.dumps(mockserver.training()).encode(), JSON)
    with requests.Session() as session:
        for _ in range(models):
            session.post(
                server.url + request.path, request.body, headers=request.headers, timeout=60
            ).raise_for_status()
    mockserver.finish(server.url)


def _flask() -> int:
    code = "import flask, psutil; print(psutil.Process().memory_info().rss)"
    with machine.on_core(0):
        return int(subprocess.check_output([sys.executable, "-c", code], text=True))


def memory(plan: Plan) -> Measurement:
    """Weigh the server at rest, after many models, and between the full journal and many requests."""
    models = 2_000 if plan.quick else 100_000
    requests_after = 20_000 if plan.quick else 1_000_000
    floor = _flask()
    with mockserver.server(*mockserver.options_for()) as server:
        mockserver.call(server.url, "GET", "/v1beta/tunedModels")
        rest = server.memory()
        call = mockserver.fill(server.url).requests["operation"]
        load_for(server, call, JOURNAL)
        full = server.memory()
        sent = load_for(server, call, requests_after)
        growth = server.memory() - full
    with mockserver.server(*mockserver.options_for()) as server:
        many(server, 500 if plan.quick else JOURNAL)  # fills the journal
        before = server.memory()
        many(server, models)
        each = (server.memory() - before) / models
    rows = [
        ["", "figure"],
        ["`import flask`, MiB", f"{floor / MIB:.1f}"],
        ["server at rest, MiB", f"{rest / MIB:.1f}"],
        [f"a finished model with 20 examples, of {models:,}, bytes", f"{each:,.0f}"],
        [f"growth from the full journal over {sent:,} requests, MiB", f"{growth / MIB:.2f}"],
    ]
    figures = {"memory.rest_ratio": rest / floor, "memory.model": each, "memory.growth_mib": growth / MIB}
    return Measurement("Memory", rows, figures, [f"{requests_after:,} requests were wanted at least."])


def load_for(server: ServerProcess, request: Request, wanted: int) -> int:
    """Send *request* until *wanted* were answered, and return how many were."""
    sent = 0
    while sent < wanted:
        one = load.send(server.url, request, 16, 5 if wanted - sent > 20_000 else 1)
        if not one.requests:
            raise RuntimeError("the server answers no request")
        sent += one.requests
    return sent


def _last_page(url: str) -> Request:
    """Walk to the last page of ten: in large pages first, then in pages of ten."""
    token = ""
    for size in (1000, 10):
        following = token
        while following or not token:
            token = following
            page = f"/v1beta/tunedModels?pageSize={size}&pageToken={token}"
            following = mockserver.call(url, "GET", page).get("nextPageToken", "")
            if not token and not following:
                break
    return Request(f"/v1beta/tunedModels?pageSize=10&pageToken={token}")


def size(plan: Plan) -> Measurement:
    """Compare a server with many models to one with fifty, one call after the other."""
    models = 2_000 if plan.quick else 100_000
    with mockserver.server(*mockserver.options_for()) as few, mockserver.server(*mockserver.options_for()) as lots:
        calls: list[dict[str, Request]] = []
        for server, number in ((few, 40), (lots, models - 10)):
            many(server, number)
            found = mockserver.fill(server.url, 10).requests
            first = Request("/v1beta/tunedModels?pageSize=10")
            calls.append(
                {"get": found["model"], "poll": found["operation"], "first": first, "last": _last_page(server.url)}
            )
        rows = [["", "50: µs of CPU", f"{models:,}: µs of CPU", "ratio"]]
        figures: dict[str, float] = {}
        for name in calls[0]:
            costs: list[list[float]] = [[], []]
            for _ in range(plan.rounds + 1):
                for index, server in enumerate((few, lots)):
                    before = server.cpu()
                    one = load.send(server.url, calls[index][name], 1, plan.seconds)
                    costs[index].append((server.cpu() - before) / max(1, one.requests) * 1e6)
            share = ratio(costs[1][1:], costs[0][1:]) or 0.0
            figures[f"size.{name}"] = share
            rows.append([name, f"{median(costs[0]):,.0f}", f"{median(costs[1]):,.0f}", f"{share:.2f}"])
    return Measurement("Many models beside 50", rows, figures)


def long_run(plan: Plan) -> Measurement:
    """Poll a run of many steps, and compare with the client's json.loads of the same answer."""
    steps = 5_000 if plan.quick else 100_000
    with mockserver.server(*mockserver.options_for()) as server, requests.Session() as session:
        operation = mockserver.create(server.url, mockserver.training(examples=steps // 100, epochs=100))
        mockserver.finish(server.url)
        polls, parses, content = [], [], b""
        for _ in range(20):
            began = time.perf_counter()
            content = session.get(f"{server.url}/v1beta/{operation}", timeout=120).content
            polled = time.perf_counter()
            json.loads(content)
            polls.append((polled - began) * 1e3)
            parses.append((time.perf_counter() - polled) * 1e3)
    later = ratio(polls[1:], parses[1:]) or 0.0
    rows = [
        ["", "ms"],
        ["first poll", f"{polls[0]:,.0f}"],
        ["poll, median of 19", f"{median(polls[1:]):,.1f}"],
        [f"the client's json.loads of {len(content) / 1e6:.1f} MB", f"{median(parses):,.1f}"],
    ]
    figures = {"run.poll_ratio": later, "run.first_ratio": polls[0] / median(parses)}
    return Measurement(f"A run of {steps:,} steps, polled 20 times", rows, figures)
