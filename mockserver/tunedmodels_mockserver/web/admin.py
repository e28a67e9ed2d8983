"""Admin: the fake's own surface under ``/_emulator``, for tests that hold its clock. Never a path of the API."""

from __future__ import annotations

import math

from flask import Blueprint, Response, request

from ..core import identity
from ..core.clock import ManualClock
from ..core.worlds import World, Worlds
from ..wire.timestamps import format_timestamp
from ..wire.units import SECOND
from . import answers

_FURTHEST = 1e9  # seconds at once, some thirty years
_END_OF_TIME = 9_000_000_000 * SECOND  # in 2255; nanoseconds fit 64 bits until 2262


def admin(worlds: Worlds) -> Blueprint:
    """Return the routes of the admin surface over *worlds*."""
    blueprint = Blueprint("admin", __name__, url_prefix="/_emulator")

    @blueprint.get("/clock")
    def clock() -> Response:
        return _told(_world(worlds))

    @blueprint.post("/clock")
    def move_clock() -> Response:
        world = _world(worlds)
        if not isinstance(world.clock, ManualClock):
            return _refused("This clock goes by itself. Start the server with --clock manual to move it.", 409)
        body = request.get_json(force=True, silent=True)
        seconds = body.get("advance") if isinstance(body, dict) and set(body) == {"advance"} else None
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not _sane(seconds):
            return _refused('Send {"advance": SECONDS}, a number from 0 to 1000000000.', 400)
        if world.clock.now() + round(seconds * SECOND) > _END_OF_TIME:
            return _refused("The clock cannot go beyond the year 2255.", 400)
        world.clock.advance(seconds)
        return _told(world)

    return blueprint


def _world(worlds: Worlds) -> World:
    key = request.headers.get("X-Goog-Api-Key") or request.args.get("key")
    return worlds.get(identity.world_name(request.headers.get("X-Test-Id"), key))


def _sane(seconds: float) -> bool:
    return math.isfinite(seconds) and 0 <= seconds <= _FURTHEST


def _told(world: World) -> Response:
    return answers.document({"now": format_timestamp(world.clock.now(), 9)})


def _refused(sentence: str, status: int) -> Response:
    return answers.document({"error": sentence}, status)
