"""Lists every endpoint of the admin surface, with the parameters and bodies that it takes and its answers."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

import msgspec
from flask import Response

from ...core.canned.rules import Rule, Rules
from ...core.faults.fault import Fault
from ...core.faults.presets import Named
from ...core.journal.verification import Claim
from ...core.runs.script import Event
from .. import responses
from .clock import Move
from .events import JournalEventsQuery
from .journal import JournalListQuery, Reproduction
from .operations import Advance, Fail, NoOptions, Stall
from .worlds import Reset

JSON = "application/json"
TEXT = "text/plain"
EVENTS = "text/event-stream"

_Format = Literal["json", "text"]
_RESETTABLE = "all, models, faults, canned or clock"


class State(msgspec.Struct):
    """The state of worlds, in the form that ``GET /_emulator/state`` returns. Do not write it by hand."""

    format: Literal["tunedmodels-state"]
    version: int
    worlds: dict[str, Any]
    examples: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class AdminEndpoint:
    """One endpoint. ``path`` comes after ``/_emulator``, with its variable parts in braces.

    ``body`` has the types of the request's JSON: one of them reads it. If ``accepts_list`` is set, the JSON can also be
    a list of them. ``required`` says whether the request needs a body. ``query`` has the query parameters with their
    types, or is the type that reads them. ``members`` are the members that the JSON of an answer always has, and
    ``content_types`` the content types of an answer. Besides ``error_statuses``, any endpoint can answer 400 and 503.
    """

    method: str
    path: str
    summary: str
    members: tuple[str, ...] = ()
    body: tuple[Any, ...] = ()
    accepts_list: bool = False
    required: bool = True
    query: Any = None
    content_types: tuple[str, ...] = (JSON,)
    error_statuses: tuple[int, ...] = ()


_RUN = ("operation", "model", "state", "done", "steps", "totalSteps", "percent", "polls", "pending")
_CLOCK = ("now", "mode", "rate")
_CANNED = ("strict", "rules", "files", "missed")


def _verb(verb: str, body: Any, summary: str) -> AdminEndpoint:
    path = f"/operations/{{operation}}:{verb}"
    return AdminEndpoint("POST", path, summary, _RUN, body=(body,), required=False, error_statuses=(404, 409))


ENDPOINTS = (
    AdminEndpoint("GET", "/clock", "Read the world's clock.", _CLOCK),
    AdminEndpoint("POST", "/clock", "Move the clock and list the runs that change.", (*_CLOCK, "caused"), body=(Move,)),
    AdminEndpoint("GET", "/operations", "List the runs.", ("operations",)),
    AdminEndpoint("GET", "/operations/{operation}", "Read a run.", _RUN, error_statuses=(404,)),
    _verb("advance", Advance, "Move a run forward by steps, percent or seconds."),
    _verb("fail", Fail, "Make a run fail."),
    _verb("stall", Stall, "Stall a run for some seconds, or until a call moves it."),
    _verb("resume", NoOptions, "Resume a stalled run."),
    _verb("finish", NoOptions, "Finish a run."),
    _verb("cancel", NoOptions, "Cancel a run."),
    AdminEndpoint(
        "PUT",
        "/operations/{operation}/script",
        "Replace the pending events of a run.",
        _RUN,
        body=(tuple[Event, ...],),
        error_statuses=(404, 409),
    ),
    AdminEndpoint("GET", "/faults", "List the armed faults, and how often each fired.", ("faults",)),
    AdminEndpoint(
        "POST",
        "/faults",
        "Arm a fault, a preset or a list of both.",
        ("faults",),
        body=(Fault, Named),
        accepts_list=True,
    ),
    AdminEndpoint("DELETE", "/faults", "Disarm all faults."),
    AdminEndpoint("GET", "/faults/{fault}", "Read a fault.", ("id", "effect", "hits"), error_statuses=(404,)),
    AdminEndpoint("DELETE", "/faults/{fault}", "Disarm a fault.", error_statuses=(404,)),
    AdminEndpoint("GET", "/presets", "List the presets.", ("presets",)),
    AdminEndpoint("GET", "/canned", "List the rules, and how often each answered.", _CANNED),
    AdminEndpoint(
        "POST",
        "/canned",
        "Add a rule or a list of them.",
        ("rules",),
        body=(Rule,),
        accepts_list=True,
        query={"at": Literal["first", "last"]},
        error_statuses=(409,),
    ),
    AdminEndpoint("PUT", "/canned", "Replace all rules.", _CANNED, body=(Rules, tuple[Rule, ...])),
    AdminEndpoint("DELETE", "/canned", "Remove all rules.", _CANNED),
    AdminEndpoint("DELETE", "/canned/{rule}", "Remove a rule.", _CANNED, error_statuses=(404, 409)),
    AdminEndpoint("GET", "/canned/misses", "List the calls that no rule answered.", ("missed", "misses")),
    AdminEndpoint(
        "GET",
        "/journal",
        "Search the journal.",
        ("entries", "found", "kept", "newest", "next_page_token"),
        query=JournalListQuery,
    ),
    AdminEndpoint("DELETE", "/journal", "Clear the journal.", ("cleared",)),
    AdminEndpoint("GET", "/journal/events", "Follow the journal.", query=JournalEventsQuery, content_types=(EVENTS,)),
    AdminEndpoint(
        "GET", "/journal/near-misses", "List requests that almost matched a route or a model.", ("near_misses",)
    ),
    AdminEndpoint(
        "POST",
        "/journal:verify",
        "Check that the journal has certain requests.",
        ("ok", "message", "requests", "near_misses"),
        body=(Claim,),
        required=False,
    ),
    AdminEndpoint(
        "POST",
        "/journal:repro",
        "Write a file that repeats requests.",
        body=(Reproduction,),
        required=False,
        content_types=("text/x-python", "text/x-shellscript"),
    ),
    AdminEndpoint(
        "GET",
        "/verdict",
        "Judge the world's client.",
        ("ok", "outcomes"),
        query={"format": _Format, "world": Literal["*"]},
        content_types=(JSON, TEXT),
    ),
    AdminEndpoint(
        "GET",
        "/outcomes",
        "List the outcomes that clients have and have not met.",
        ("percent", "met", "unmet"),
        query={"format": _Format},
        content_types=(JSON, TEXT),
    ),
    AdminEndpoint("GET", "/worlds", "List the worlds.", ("worlds",)),
    AdminEndpoint(
        "DELETE", "/world", "Drop the world; with tell=left, report its content.", query={"tell": Literal["left"]}
    ),
    AdminEndpoint("POST", "/reset", f"Reset {_RESETTABLE}.", ("scope",), body=(Reset,), required=False),
    AdminEndpoint("GET", "/state", "Read the state.", ("format", "version", "worlds"), query={"world": Literal["*"]}),
    AdminEndpoint(
        "PUT",
        "/state",
        "Replace the state.",
        ("worlds",),
        body=(State,),
        query={"world": Literal["*"]},
    ),
    AdminEndpoint("GET", "/snapshots", "List the snapshots.", ("snapshots",)),
    AdminEndpoint("POST", "/snapshots/{snapshot}", "Take a snapshot.", ("name", "models")),
    AdminEndpoint("DELETE", "/snapshots/{snapshot}", "Remove a snapshot.", error_statuses=(404,)),
    AdminEndpoint(
        "POST", "/snapshots/{snapshot}:restore", "Restore a snapshot.", ("name", "models"), error_statuses=(404,)
    ),
    AdminEndpoint(
        "GET",
        "/snapshots/{snapshot}:diff",
        "Compare a snapshot with another, or with the current state.",
        query={"with": str, "format": _Format},
        content_types=(JSON, TEXT),
        error_statuses=(404,),
    ),
    AdminEndpoint("GET", "/ready", "Check that the server can reach its store.", ("ready", "worlds", "store")),
    AdminEndpoint(
        "GET",
        "/info",
        "Show the version, settings and capabilities of the server.",
        ("version", "settings", "world", "clock", "faults", "capabilities"),
    ),
    AdminEndpoint(
        "GET", "/metrics", "Return metrics for Prometheus.", content_types=(TEXT, "application/openmetrics-text")
    ),
    AdminEndpoint("GET", "/openapi.json", "Read this document.", ("openapi", "info", "paths", "components")),
)


def readable_endpoints() -> dict[str, str]:
    """Return the paths that a browser can open, each with its summary."""
    return {
        endpoint.path: endpoint.summary
        for endpoint in ENDPOINTS
        if endpoint.method == "GET" and "{" not in endpoint.path
    }


def unknown_endpoint(method: str, path: str) -> Response:
    """Return the answer for an unknown path below ``/_emulator``, or for a *method* that the path does not have."""
    request_line = f"{method} {path.removeprefix('/_emulator')}"
    near = get_close_matches(
        request_line, [f"{endpoint.method} {endpoint.path}" for endpoint in ENDPOINTS], n=1, cutoff=0.5
    )
    nearest = f"; the nearest is {near[0].replace(' ', ' /_emulator')}" if near else ""
    sentence = f"There is no endpoint {method} {path[:200]}{nearest}. GET /_emulator/openapi.json describes them all."
    return responses.document({"error": sentence}, 404)
