"""Sends the same request over and over and measures rate and latency: by wrk where it is installed, else by asyncio."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from . import machine
from .statistic import percentile


@dataclass(frozen=True, slots=True)
class Request:
    """A request that a case repeats. *path* begins with a slash."""

    path: str
    method: str = "GET"
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Load:
    """The figures of one round: requests a second, latencies in microseconds, and requests that failed."""

    rate: float
    p50: float
    p99: float
    requests: int
    errors: int


def generator() -> str:
    """Return what makes the load here."""
    return (
        "wrk" if shutil.which("wrk") else "a client of this project in Python (wrk is not installed: rates are lower)"
    )


def send(url: str, request: Request, connections: int, seconds: float) -> Load:
    """Send *request* for *seconds* over *connections* that stay open, from the core of the load."""
    with machine.on_core(1):
        if shutil.which("wrk"):
            return _wrk(url, request, connections, seconds)
        return asyncio.run(_send(url, request, connections, seconds))


_LUA = """
wrk.method = %s
wrk.body = %s
%s
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("\\nRESULT %%d %%d %%f %%f %%d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


def lua_text(value: str) -> str:
    """Return *value* as a string of Lua, which has decimal escapes for bytes."""
    return '"' + "".join(f"\\{byte:03d}" for byte in value.encode()) + '"'


def script(request: Request) -> str:
    """Return the script by which wrk sends *request* and prints its figures on one line."""
    headers = "\n".join(f"wrk.headers[{lua_text(name)}] = {lua_text(value)}" for name, value in request.headers.items())
    return _LUA % (
        lua_text(request.method),
        lua_text(request.body.decode("latin-1")) if request.body else "nil",
        headers,
    )


def read_result(output: str) -> Load:
    """Return the figures in the *output* of wrk with that script."""
    line = next(line for line in output.splitlines() if line.startswith("RESULT "))
    requests, duration, p50, p99, errors = (float(word) for word in line.split()[1:])
    return Load(requests / (duration / 1e6), p50, p99, int(requests), int(errors))


def _wrk(url: str, request: Request, connections: int, seconds: float) -> Load:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "request.lua"
        file.write_text(script(request), encoding="utf-8")
        # wrk takes whole seconds alone.
        command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "10s"]
        process = subprocess.run(
            [*command, "-s", str(file), url + request.path], capture_output=True, text=True, check=True
        )
        return read_result(process.stdout)


async def _send(url: str, request: Request, connections: int, seconds: float) -> Load:
    latencies: list[float] = []
    errors = 0
    began = time.perf_counter()
    end = began + seconds

    async def connection() -> None:
        nonlocal errors
        streams = None
        while time.perf_counter() < end:
            sent = time.perf_counter()
            try:
                if streams is None:
                    streams = await open_connection(url)
                status, keep = await ask(streams, url, request)
            except (OSError, EOFError, ValueError):
                status, keep = 0, False
            latencies.append(time.perf_counter() - sent)
            errors += not 200 <= status < 400
            if not keep and streams is not None:
                streams[1].close()
                streams = None
        if streams is not None:
            streams[1].close()

    await asyncio.gather(*(connection() for _ in range(connections)))
    took = time.perf_counter() - began
    micros = sorted(latency * 1e6 for latency in latencies)
    return Load(len(micros) / took, percentile(micros, 50), percentile(micros, 99), len(micros), errors)


Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def open_connection(url: str) -> Streams:
    """Open a connection to the server at *url*."""
    address = urlsplit(url)
    return await asyncio.open_connection(address.hostname, address.port)


async def ask(streams: Streams, url: str, request: Request) -> tuple[int, bool]:
    """Send *request* over *streams*, read the whole answer, and return its status and whether the connection stays."""
    reader, writer = streams
    headers = {"Host": urlsplit(url).netloc, **request.headers}
    if request.body or request.method in ("POST", "PUT"):
        headers["Content-Length"] = str(len(request.body))
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"{request.method} {request.path} HTTP/1.1\r\n{head}\r\n".encode() + request.body)
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    members = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    if "chunked" in members.get("transfer-encoding", ""):
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    elif "content-length" in members:
        await reader.readexactly(int(members["content-length"]))
    else:
        await reader.read()
    keep = members.get("connection", "").lower() != "close" and (
        "content-length" in members or "chunked" in str(members)
    )
    return int(lines[0].split()[1]), keep
