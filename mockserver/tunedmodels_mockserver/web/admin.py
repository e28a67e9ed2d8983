"""Admin: the fake's own surface under ``/_emulator``, for tests that hold its state. Never a path of the API."""

from __future__ import annotations

from flask import Blueprint, Response, request

from ..core.clock import ManualClock
from ..core.worlds import World
from ..wire.protojson.json_text import JsonSyntaxError, Members, parse
from ..wire.protojson.reading import query_pairs
from ..wire.protojson.timestamps import format_timestamp
from ..wire.status import StatusError
from . import answers, system
from .callers import Callers

_BY_ITSELF = "This clock goes by itself. Start the server with --clock manual to move it."


def admin(callers: Callers) -> Blueprint:
    """Return the routes of the admin surface; a request's world is found as the API finds it."""
    blueprint = Blueprint("admin", __name__, url_prefix="/_emulator")

    def world() -> World:
        return callers.world(system.split(query_pairs(request.query_string), request.headers.get)[0])

    @blueprint.get("/clock")
    def clock() -> Response:
        return _told(world())

    @blueprint.post("/clock")
    def move_clock() -> Response:
        seconds = _seconds(request.get_data())
        if seconds is None:
            return _refused('Send {"advance": SECONDS}, a number that is not negative.', 400)
        moved = world()
        if not isinstance(moved.clock, ManualClock):
            return _refused(_BY_ITSELF, 409)
        try:
            moved.clock.advance(seconds)
        except ValueError as error:
            return _refused(str(error), 400)
        return _told(moved)

    @blueprint.delete("/world")
    def drop_world() -> Response:
        callers.worlds.drop(world().name)
        return answers.document({})

    @blueprint.errorhandler(StatusError)
    def refused(error: StatusError) -> Response:
        return _refused(error.status.message, error.status.code.http)

    return blueprint


def _seconds(body: bytes) -> float | None:
    """Return the seconds in the *body* ``{"advance": seconds}``; None for any other body."""
    try:
        value = parse(body)
    except JsonSyntaxError:
        return None
    if not isinstance(value, Members) or len(value) != 1:
        return None
    [(name, seconds)] = value
    fits = name == "advance" and isinstance(seconds, int | float) and not isinstance(seconds, bool)
    return float(seconds) if fits and seconds >= 0 else None  # type: ignore[arg-type, operator]


def _told(world: World) -> Response:
    return answers.document({"now": format_timestamp(world.clock.now(), 9)})


def _refused(sentence: str, status: int) -> Response:
    return answers.document({"error": sentence}, status)
