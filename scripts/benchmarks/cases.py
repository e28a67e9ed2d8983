"""The cases by name. Each is a function that measures by a plan and returns its table and its figures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from . import http_cases
from .peers import Peer


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to measure, and beside whom."""

    rounds: int
    seconds: float
    quick: bool
    peers: list[Peer]


@dataclass(frozen=True, slots=True)
class Measurement:
    """The table of one case, and its figures by name, from which the aims are judged."""

    title: str
    rows: list[list[str]]
    figures: dict[str, float]
    notes: list[str] = field(default_factory=list)


Case = Callable[[Plan], Measurement]


def _http(name: str) -> Case:
    def case(plan: Plan) -> Measurement:
        with http_cases.targets(plan.peers) as (running, absent):
            figures = http_cases.measure(running, name, plan.rounds, plan.seconds)
            notes = [f"{target.name}: {target.note}." for target in running if target.note and name in target.requests]
        notes += [f"Left out: {peer} ({reason})." for peer, reason in absent.items()]
        return Measurement(http_cases.NAMES[name], http_cases.rows(figures), http_cases.flat(name, figures), notes)

    return case


CASES: dict[str, Case] = {
    "get-operation": _http("operation"),
    "get-model": _http("model"),
    "list": _http("list"),
    "generate": _http("generate"),
    "create": _http("create"),
    "stream": _http("stream"),
}
