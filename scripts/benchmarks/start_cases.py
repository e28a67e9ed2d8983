"""Cold starts and imports, each in a fresh process, interleaved."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import requests

from . import machine, mockserver
from .measurement import Measurement, Plan
from .peers import Peer
from .server_process import ServerFailed
from .statistic import median, ratio

IMPORTS = {
    "import flask": "flask",
    "import requests, google.auth.transport.requests": "google.auth.transport.requests",
    "from tunedmodels import Client": "tunedmodels",
    "import tunedmodels": "tunedmodels",
    "import tunedmodels_mockserver": "tunedmodels_mockserver",
    "import tunedmodels_contracts": "tunedmodels_contracts",
    "import pytest": "pytest",
    "import pytest, tunedmodels_contracts.plugin": "tunedmodels_contracts.plugin",
    "import responses": "responses",
    "import moto": "moto",
}


def clocked(action: Callable[[], object]) -> float:
    """Return the milliseconds that *action* takes."""
    began = time.perf_counter()
    action()
    return (time.perf_counter() - began) * 1e3


def run_python(code: str) -> None:
    """Run *code* in a fresh Python on the servers' core; it ends without the interpreter's cleanup."""
    with machine.on_core(0):
        subprocess.run([sys.executable, "-c", f"{code}; import os; os._exit(0)"], check=True)


def imports(plan: Plan) -> Measurement:
    """Time imports."""
    names = [code for code, module in IMPORTS.items() if importlib.util.find_spec(module.split(".")[0])]
    times: dict[str, list[float]] = {code: [] for code in names}
    for _ in range(3 if plan.quick else 11):
        for code in names:
            times[code].append(clocked(lambda code=code: run_python(code)))  # type: ignore[misc]
    client = ratio(times["from tunedmodels import Client"], times["import requests, google.auth.transport.requests"])
    rows = [["fresh process", "ms"], *([f"`{code}`", f"{median(values):,.0f}"] for code, values in times.items())]
    return Measurement("Imports", rows, {"imports.client_ratio": client or 0.0})


def _serve() -> float:
    with mockserver.server("--clock", "manual") as server:
        began = time.perf_counter()
        requests.get(f"{server.url}/v1beta/tunedModels", timeout=10).raise_for_status()
        return (server.seconds + time.perf_counter() - began) * 1e3


def _exec() -> float:
    ask = (
        "import os, urllib.request as u; u.urlopen(os.environ['GOOGLE_GEMINI_BASE_URL'] + '/v1beta/tunedModels').read()"
    )
    with machine.on_core(0):
        command = [mockserver.COMMAND, "exec", "--", sys.executable, "-S", "-c", ask]
        return clocked(lambda: subprocess.run(command, check=True))


def start(plan: Plan) -> Measurement:
    """Time the way from exec to the end of the first answer."""
    with mockserver.server(*mockserver.options_for()) as server:
        payloads = mockserver.fill(server.url)
    notes = []
    actions: dict[str, Callable[[], float]] = {
        "import flask": lambda: clocked(lambda: run_python("import flask")),
        "serve": _serve,
        "exec, with a client in Python": _exec,
    }
    for peer in plan.peers:
        if reason := peer.missing():
            notes.append(f"Left out: {peer.name} ({reason}).")
            continue

        def begin(peer: Peer = peer) -> float:
            with tempfile.TemporaryDirectory() as folder:
                process = peer.run(Path(folder), payloads)
                process.stop()
                return process.seconds * 1e3

        actions[peer.name] = begin
    times: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(2 if plan.quick else 7):
        for name, action in actions.items():
            try:
                times[name].append(action())
            except ServerFailed as error:  # noqa: PERF203 - a start takes much longer than the try
                notes.append(f"{name} does not start: {error}")
    floor = times["import flask"]
    rows = [["", "ms", "÷ import flask"]]
    figures = {}
    for name, values in times.items():
        if values:
            share = ratio(values, floor) or 0.0
            figures[f"start.ms.{name.split(',')[0]}"] = median(values)
            rows.append([name, f"{median(values):,.0f}", f"{share:.2f}"])
    figures["start.ratio.flask"] = ratio(times["serve"], floor) or 0.0
    return Measurement("Cold start to the first answer", rows, figures, notes)
