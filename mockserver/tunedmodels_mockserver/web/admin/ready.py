"""Ready: whether the server can answer for its worlds. ``/health`` only says that the process lives."""

from __future__ import annotations

from flask import Blueprint, Response

from ...core.state.worlds import Worlds
from .. import responses


def add(blueprint: Blueprint, worlds: Worlds) -> None:
    """Add the route ``/ready``; where the store cannot be asked, the blueprint answers 503 with the reason."""

    @blueprint.get("/ready")
    def ready() -> Response:
        return responses.document({"ready": True, "worlds": len(worlds.names()), "store": worlds.kind})
