"""Serves ``/metrics`` for Prometheus: the request metrics, and the sizes of worlds and journals."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import TYPE_CHECKING

from flask import Response, request

from ...core.journal.registry import Journals
from ...core.state.worlds import Worlds
from ..api_response import VERSION
from ..request_metrics import BOUNDS, RequestMetrics
from .endpoints import TEXT, AdminEndpoints

if TYPE_CHECKING:  # The first request imports it, so the server starts faster.
    from prometheus_client import Metric


def add(endpoints: AdminEndpoints, worlds: Worlds, journals: Journals, request_metrics: RequestMetrics) -> None:
    """Add the route ``/metrics`` for one server."""

    @endpoints.add(
        "GET", "/metrics", "Return metrics for Prometheus.", content_types=(TEXT, "application/openmetrics-text")
    )
    def metrics() -> Response:
        from prometheus_client import CollectorRegistry
        from prometheus_client.exposition import choose_encoder
        from prometheus_client.registry import Collector

        class ServerCollector(Collector):
            def collect(self) -> Iterator[Metric]:
                yield from _request_metrics(request_metrics)
                yield from _size_metrics(worlds, journals)

        # Each server has its own registry, because servers in one process have different numbers.
        registry = CollectorRegistry(auto_describe=False)
        registry.register(ServerCollector())
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return Response(encode(registry), content_type=content_type)


def _request_metrics(request_metrics: RequestMetrics) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily

    requests = CounterMetricFamily(
        "tunedmodels_requests", "Requests to the API, by method and HTTP status.", labels=["method", "status"]
    )
    for (method, status), count in sorted(request_metrics.requests().items()):
        requests.add_metric([method, str(status)], count)
    yield requests
    seconds = HistogramMetricFamily(
        "tunedmodels_request_duration_seconds",
        "Seconds from a request to its answer, or to the start of a stream.",
        labels=["method"],
    )
    edges = [*map(str, BOUNDS), "+Inf"]
    for method, durations in sorted(request_metrics.durations().items()):
        seconds.add_metric([method], list(zip(edges, accumulate(durations.counts), strict=True)), durations.total)
    yield seconds
    faults = CounterMetricFamily("tunedmodels_faults_fired", "Faults that fired, by effect.", labels=["effect"])
    for effect, count in sorted(request_metrics.faults().items()):
        faults.add_metric([effect], count)
    yield faults


def _size_metrics(worlds: Worlds, journals: Journals) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily

    all_worlds = worlds.all()
    entry_lists = [journal.entries() for journal in journals.all().values()]
    models = sum(1 for world in all_worlds for _ in world.store.records_after(0))
    yield GaugeMetricFamily("tunedmodels_worlds", "Worlds that exist.", len(all_worlds))
    yield GaugeMetricFamily("tunedmodels_models", "Tuned models in all worlds.", models)
    yield GaugeMetricFamily("tunedmodels_journal_entries", "Requests in the journals.", sum(map(len, entry_lists)))
    size = sum(entry.size for entries in entry_lists for entry in entries)
    yield GaugeMetricFamily("tunedmodels_journal_bytes", "Approximate memory of the journals, in bytes.", size)
    yield InfoMetricFamily("tunedmodels_mockserver", "The server.", {"version": VERSION})
