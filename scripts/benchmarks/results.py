"""Judges the figures of a run by the aims S1 to S12. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Aim:
    """A bound for one figure. *at_least* says on which side of *bound* the figure must be."""

    name: str
    figure: str
    subject: str
    bound: float
    at_least: bool = False
    over: str = ""
    """Another figure by which the first one is divided."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """An aim and what a run shows; None if the run did not measure it."""

    name: str
    subject: str
    aim: str
    value: float | None
    met: bool | None

    def to_json(self) -> dict[str, object]:
        """Return the members as plain values."""
        return asdict(self)


AIMS = (
    Aim("S1", "operation.16.ratio.aimock", "GET operation at 16, ours ÷ aimock", 1.2, at_least=True),
    Aim("S1", "operation.16.ratio.fake-gcs-server", "GET operation at 16, ours ÷ fake-gcs-server", 0.8, at_least=True),
    Aim("S2", "generate.16.ratio.aimock", "POST generate at 16, ours ÷ aimock", 1.2, at_least=True),
    Aim("S3", "operation.1.p50_ratio.nginx", "median latency of GET operation at 1, ours ÷ nginx", 2),
    Aim("S3", "operation.1.p50_ratio.aimock", "median latency of GET operation at 1, ours ÷ aimock", 1),
    Aim("S3", "operation.1.p99_over_p50", "p99 ÷ median of GET operation at 1", 3),
    Aim("S4", "create.1.cpu.ours", "CPU of a create ÷ CPU of GET operation", 8, over="operation.1.cpu.ours"),
    Aim("S4", "list.1.cpu.ours", "CPU of a list of 10 ÷ CPU of GET operation", 3, over="operation.1.cpu.ours"),
    Aim("S5", "start.ratio.flask", "cold start to first answer ÷ import flask", 1.35),
    Aim("S6", "memory.rest_ratio", "memory at rest ÷ import flask", 1.3),
    Aim("S6", "memory.model", "bytes of a finished model with 20 examples and its operation", 1500),
    Aim("S6", "memory.growth_mib", "MiB more from the full journal to the last request", 5),
    Aim("S7", "size.get", "GET model, 100,000 models ÷ 50", 1.1),
    Aim("S7", "size.poll", "GET operation, 100,000 models ÷ 50", 1.1),
    Aim("S7", "size.first", "first page, 100,000 models ÷ 50", 1.1),
    Aim("S7", "size.last", "last page, 100,000 models ÷ 50", 1.1),
    Aim("S8", "run.poll_ratio", "poll of a run of 100,000 steps ÷ json.loads of the answer", 1),
    Aim("S8", "run.first_ratio", "first poll of it ÷ json.loads of the answer", 4),
    Aim("S9", "streams.64.share", "64 paced streams ÷ ideal", 1.1),
    Aim("S9", "streams.64.worst_ms", "worst GET meanwhile, ms", 20),
    Aim("S10", "intercept.ratio", "call through intercept() ÷ responses", 1.2),
    Aim("S10", "world.fresh_ms", "fresh world in process (a block of intercept()), ms", 0.2),
    Aim("S10", "fixture.ratio", "test with tunedmodels_world ÷ clear() of pytest-httpserver", 1.5),
    Aim("S11", "stores.two_ratio", "two servers on one PostgreSQL ÷ one", 1.5, at_least=True),
    Aim("S12", "imports.client_ratio", "from tunedmodels import Client ÷ requests and google-auth", 1.2),
)


def merge(figures: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Return the figures of all cases in one mapping."""
    return {name: value for one in figures for name, value in one.items()}


def judge(figures: Mapping[str, float]) -> list[Judgement]:
    """Return a judgement for each aim, in order."""
    return [_judgement(aim, figures) for aim in AIMS]


def _judgement(aim: Aim, figures: Mapping[str, float]) -> Judgement:
    value = figures.get(aim.figure)
    if aim.over and value is not None:
        divisor = figures.get(aim.over)
        value = value / divisor if divisor else None
    met = None if value is None else value >= aim.bound if aim.at_least else value <= aim.bound
    return Judgement(aim.name, aim.subject, f"{'≥' if aim.at_least else '≤'} {aim.bound:,g}", value, met)


def rows(judgements: Iterable[Judgement]) -> list[list[str]]:
    """Return a row for each judgement, the head first."""
    words = {None: "not measured", True: "met", False: "**not met**"}
    return [
        ["", "what", "aim", "this run", ""],
        *(
            [one.name, one.subject, one.aim, "" if one.value is None else f"{one.value:,.3g}", words[one.met]]
            for one in judgements
        ),
    ]
