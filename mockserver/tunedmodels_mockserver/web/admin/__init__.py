"""The admin surface under ``/_emulator``, with which tests control the server. The API has no such paths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from ...core.journal.registry import Journals
from ...core.state.store import StoreUnavailable
from ...core.state.worlds import World
from ...core.strict_input import BadInput
from ...core.verdict.outcome_coverage import OutcomeCoverage
from ...wire.status import StatusError
from .. import responses
from ..request_caller import Callers
from ..request_head import read_head
from ..request_metrics import RequestMetrics
from . import (
    canned,
    clock,
    events,
    faults,
    info,
    journal,
    metrics,
    openapi,
    operations,
    ready,
    snapshots,
    state,
    verdict,
    worlds,
)
from .endpoints import AdminEndpoints


def admin(
    callers: Callers,
    journals: Journals,
    outcome_coverage: OutcomeCoverage,
    request_metrics: RequestMetrics,
    settings: Mapping[str, Any],
) -> AdminEndpoints:
    """Return the endpoints of the admin surface. A request names its world in the same way as a request to the API.

    ``GET /_emulator/info`` shows *settings* to every client.
    """
    blueprint = Blueprint("admin", __name__, url_prefix="/_emulator")
    endpoints = AdminEndpoints(blueprint)

    def world() -> World:
        return callers.world(read_head(request.environ))

    clock.add(endpoints, world)
    operations.add(endpoints, world)
    faults.add(endpoints, world)
    canned.add(endpoints, world)
    journal.add(endpoints, world, callers.worlds, journals)
    events.add(endpoints, world, journals)
    verdict.add(endpoints, world, callers.worlds, journals, outcome_coverage)

    worlds.add(endpoints, world, callers.worlds, journals)
    state.add(endpoints, world, callers.worlds)
    snapshots.add(endpoints, world)

    ready.add(endpoints, callers.worlds)
    info.add(endpoints, world, settings)
    metrics.add(endpoints, callers.worlds, journals, request_metrics)
    openapi.add(endpoints)

    @blueprint.errorhandler(StatusError)
    def on_status_error(error: StatusError) -> Response:
        return responses.document({"error": error.status.message}, error.status.code.http)

    @blueprint.errorhandler(BadInput)
    def on_bad_input(error: BadInput) -> Response:
        return responses.document({"error": str(error)}, 400)

    @blueprint.errorhandler(StoreUnavailable)
    def on_store_unavailable(error: StoreUnavailable) -> Response:
        return responses.document({"error": str(error)}, 503)

    return endpoints
