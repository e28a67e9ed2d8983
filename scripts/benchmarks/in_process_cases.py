"""Calls through ``intercept()``, worlds, resets and fixtures, in processes of their own so that nothing else is loaded."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from . import machine
from .measurement import Measurement, Plan
from .statistic import median

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
    figures = {"world.fresh_ms": middle["fresh world, and its end"] / 1e3}
    if "responses" in middle:
        figures["intercept.ratio"] = middle["call through intercept()"] / middle["responses"]
    if "test with pytest-httpserver's clear()" in middle:
        figures["fixture.ratio"] = middle["test with a world"] / middle["test with pytest-httpserver's clear()"]
    return Measurement("In process, worlds and fixtures", rows, figures)
