"""Slow streams, with other requests meanwhile."""

from __future__ import annotations

import asyncio
import json
import time

from . import load, machine, mockserver
from .load import Request
from .measurement import Measurement, Plan
from .mockserver import JSON

PAUSE = 0.05
CHUNKS = 20
IDEAL = PAUSE * (CHUNKS - 1)


def slow_streams(plan: Plan) -> Measurement:
    """Read 8, 32 and 64 paced streams at once, and send GETs all the while."""
    del plan
    rows = [["streams", f"s until all ended (ideal {IDEAL:.2f})", "÷ ideal", "worst GET meanwhile, ms"]]
    figures: dict[str, float] = {}
    with mockserver.server(*mockserver.options_for()) as server:
        call = mockserver.fill(server.url).requests["model"]
        chunks = ["one ", *({"text": "more ", "pause": PAUSE} for _ in range(CHUNKS - 1))]
        rule = {"when": {"contains": "paced"}, "answer": {"chunks": chunks}}
        mockserver.call(server.url, "POST", "/_emulator/canned?at=first", rule)
        prompt = json.dumps({"contents": [{"parts": [{"text": "paced"}]}]}).encode()
        stream = Request("/v1beta/models/gemini-1.5-flash:streamGenerateContent?alt=sse", "POST", prompt, JSON)
        mockserver.body(server.url, stream)
        for number in (8, 32, 64):
            with machine.on_core(1):
                took, worst = asyncio.run(_read(server.url, stream, call, number))
            figures[f"streams.{number}.share"] = took / IDEAL
            figures[f"streams.{number}.worst_ms"] = worst * 1e3
            rows.append([str(number), f"{took:.2f}", f"{took / IDEAL:.2f}", f"{worst * 1e3:,.0f}"])
    return Measurement("Slow streams", rows, figures)


async def _read(url: str, stream: Request, call: Request, number: int) -> tuple[float, float]:
    async def read() -> None:
        streams = await load.open_connection(url)
        status, _ = await load.ask(streams, url, stream)
        streams[1].close()
        if status != 200:
            raise RuntimeError(f"a stream was answered with {status}")

    async def poll() -> float:
        worst = 0.0
        streams = await load.open_connection(url)
        try:
            while not ended.is_set():
                began = time.perf_counter()
                _, keep = await load.ask(streams, url, call)
                worst = max(worst, time.perf_counter() - began)
                if not keep:
                    streams[1].close()
                    streams = await load.open_connection(url)
                await asyncio.sleep(0.01)
        finally:
            streams[1].close()
        return worst

    ended = asyncio.Event()
    polling = asyncio.create_task(poll())
    began = time.perf_counter()
    await asyncio.gather(*(read() for _ in range(number)))
    took = time.perf_counter() - began
    ended.set()
    return took, await polling
