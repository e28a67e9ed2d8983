"""Serves ``/ready``, which says whether the server can reach its store. ``/health`` says only that it runs."""

from __future__ import annotations

from flask import Response

from ...core.state.worlds import Worlds
from .. import responses
from .endpoints import AdminEndpoints


def add(endpoints: AdminEndpoints, worlds: Worlds) -> None:
    """Add the route ``/ready``. If the store is unavailable, the blueprint answers 503 with the reason."""

    @endpoints.add("GET", "/ready", "Check that the server can reach its store.", members=("ready", "worlds", "store"))
    def ready() -> Response:
        return responses.document({"ready": True, "worlds": len(worlds.names()), "store": worlds.kind})
