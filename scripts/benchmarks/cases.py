"""The cases by name. Each is a function that measures by a plan and returns its table and its figures."""

from __future__ import annotations

from . import http_cases, in_process_cases, size_cases, start_cases, store_cases, stream_cases
from .measurement import Case, Measurement, Plan

__all__ = ["CASES", "Case", "Measurement", "Plan"]


def _http(name: str) -> Case:
    def case(plan: Plan) -> Measurement:
        with http_cases.targets(plan.peers) as (running, absent):
            figures = http_cases.measure(running, name, plan.rounds, plan.seconds)
            notes = [f"{target.name}: {target.note}." for target in running if target.note and name in target.requests]
        notes += [f"Left out: {peer} ({reason})." for peer, reason in absent.items()]
        return Measurement(http_cases.NAMES[name], http_cases.rows(figures), http_cases.flat(name, figures), notes)

    return case


CASES: dict[str, Case] = {
    "start": start_cases.start,
    "imports": start_cases.imports,
    "get-operation": _http("operation"),
    "get-model": _http("model"),
    "list": _http("list"),
    "generate": _http("generate"),
    "create": _http("create"),
    "stream": _http("stream"),
    "in-process": in_process_cases.in_process,
    "fixtures": in_process_cases.fixtures,
    "memory": size_cases.memory,
    "size": size_cases.size,
    "long-run": size_cases.long_run,
    "slow-streams": stream_cases.slow_streams,
    "stores": store_cases.stores,
}
