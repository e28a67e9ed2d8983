"""Calls through ``intercept()``, worlds, resets and fixtures, each in a process of its own."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import machine
from .measurement import Measurement, Plan
from .statistic import median, ratio

PROGRAM = Path(__file__).with_name("in_process_program.py")


def in_process(plan: Plan) -> Measurement:
    """Run the program that times all of them in turn, and return its medians."""
    command = [sys.executable, str(PROGRAM), "40" if plan.quick else "400"]
    with machine.on_core(0):
        process = subprocess.run(command, capture_output=True, text=True, check=False)
    if process.returncode:
        raise RuntimeError((process.stderr.strip() or "no message").splitlines()[-1])
    times: dict[str, list[float]] = json.loads(process.stdout)
    rows = [["", "µs, median"], *([name, f"{median(values):,.0f}"] for name, values in times.items())]
    middle = {name: median(values) for name, values in times.items()}
    figures = {"world.fresh_ms": middle["block of intercept(): a fresh world"] / 1e3}
    if "responses" in middle:
        figures["intercept.ratio"] = middle["call through intercept()"] / middle["responses"]
    return Measurement("In process, and worlds", rows, figures)


TESTS = {
    "tunedmodels_world": "requests.get(fixture.url + '/v1beta/tunedModels', headers=fixture.headers)",
    "httpserver": "fixture.expect_request('/x').respond_with_data('{}'); requests.get(fixture.url_for('/x'))",
}


def fixtures(plan: Plan) -> Measurement:
    """Run tests with one call each, by pytest: what a test adds to the time of a run."""
    tests = 20 if plan.quick else 300
    times: dict[str, list[float]] = {name: [] for name in TESTS}
    notes = []
    if importlib.util.find_spec("pytest_httpserver") is None:
        del times["httpserver"]
        notes.append("Left out: pytest-httpserver (it is not installed).")
    for _ in range(plan.rounds):
        for name, values in times.items():
            values.append((_pytest(name, tests + 1) - _pytest(name, 1)) / tests * 1e3)
    rows = [["a test with a fixture and one call", "ms, pytest's own included"]]
    rows += [[f"`{name}`", f"{median(values):.2f}"] for name, values in times.items()]
    share = ratio(times["tunedmodels_world"], times["httpserver"]) if "httpserver" in times else None
    return Measurement("Fixtures", rows, {} if share is None else {"fixture.ratio": share}, notes)


def _pytest(fixture: str, tests: int) -> float:
    code = (
        f"import pytest, requests\n@pytest.mark.parametrize('number', range({tests}))\n"
        f"def test_call({fixture}, number):\n    fixture = {fixture}\n    {TESTS[fixture]}\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "test_calls.py").write_text(code, encoding="utf-8")
        began = time.perf_counter()
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", folder, folder]
        process = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
        took = time.perf_counter() - began
    if process.returncode:
        raise RuntimeError(f"pytest ended with status {process.returncode}: {process.stdout[-300:]}")
    return took
