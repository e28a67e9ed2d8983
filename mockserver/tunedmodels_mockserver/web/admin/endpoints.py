"""The catalogue: every call of the admin surface, what it takes, and what it answers."""

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
from .events import Following
from .journal import Listing, Reproduction
from .operations import Advance, Fail, Nothing, Stall
from .worlds import Reset

JSON = "application/json"
TEXT = "text/plain"
EVENTS = "text/event-stream"

_Format = Literal["json", "text"]
_RESETTABLE = "all, models, faults, canned or clock"


class State(msgspec.Struct):
    """The state of worlds as ``GET /_emulator/state`` answers it; what it says of them is not for writing by hand."""

    format: Literal["tunedmodels-state"]
    version: int
    worlds: dict[str, Any]
    examples: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Call:
    """One call. ``path`` comes after ``/_emulator``, with its variable parts in braces.

    ``body`` are the types of which one reads its JSON, also in a list where it is ``listed``, and ``required`` says
    whether there must be one; ``query`` are its parameters with their types, or the type that reads them. ``members``
    are what the JSON of its answer always has, ``kinds`` the answer's content types. Each may answer 400 and 503
    besides what ``refusals`` has.
    """

    method: str
    path: str
    summary: str
    members: tuple[str, ...] = ()
    body: tuple[Any, ...] = ()
    listed: bool = False
    required: bool = True
    query: Any = None
    kinds: tuple[str, ...] = (JSON,)
    refusals: tuple[int, ...] = ()


_RUN = ("operation", "model", "state", "done", "steps", "totalSteps", "percent", "polls", "pending")
_CLOCK = ("now", "mode", "rate")
_CANNED = ("strict", "rules", "files", "missed")


def _verb(verb: str, body: Any, summary: str) -> Call:
    path = f"/operations/{{operation}}:{verb}"
    return Call("POST", path, summary, _RUN, body=(body,), required=False, refusals=(404, 409))


CATALOGUE = (
    Call("GET", "/clock", "Read the world's clock.", _CLOCK),
    Call("POST", "/clock", "Move the clock and see what that causes.", (*_CLOCK, "caused"), body=(Move,)),
    Call("GET", "/operations", "List the runs.", ("operations",)),
    Call("GET", "/operations/{operation}", "Read a run.", _RUN, refusals=(404,)),
    _verb("advance", Advance, "Move a run forward: so many steps, percent or seconds."),
    _verb("fail", Fail, "Let a run fail."),
    _verb("stall", Stall, "Hold a run, for some seconds or until it is moved."),
    _verb("resume", Nothing, "Let a run go on that was held."),
    _verb("finish", Nothing, "Bring a run to its end."),
    _verb("cancel", Nothing, "Cancel a run."),
    Call(
        "PUT",
        "/operations/{operation}/script",
        "Replace what is still to befall a run.",
        _RUN,
        body=(tuple[Event, ...],),
        refusals=(404, 409),
    ),
    Call("GET", "/faults", "List the armed faults, and how often each fired.", ("faults",)),
    Call(
        "POST",
        "/faults",
        "Arm a fault, a preset or a list of both.",
        ("faults",),
        body=(Fault, Named),
        listed=True,
    ),
    Call("DELETE", "/faults", "Disarm all faults."),
    Call("GET", "/faults/{fault}", "Read a fault.", ("id", "effect", "hits"), refusals=(404,)),
    Call("DELETE", "/faults/{fault}", "Disarm a fault.", refusals=(404,)),
    Call("GET", "/presets", "List the presets.", ("presets",)),
    Call("GET", "/canned", "List the rules, and how often each answered.", _CANNED),
    Call(
        "POST",
        "/canned",
        "Add a rule or a list of them.",
        ("rules",),
        body=(Rule,),
        listed=True,
        query={"at": Literal["first", "last"]},
        refusals=(409,),
    ),
    Call("PUT", "/canned", "Replace all rules.", _CANNED, body=(Rules, tuple[Rule, ...])),
    Call("DELETE", "/canned", "Remove all rules.", _CANNED),
    Call("DELETE", "/canned/{rule}", "Remove a rule.", _CANNED, refusals=(404, 409)),
    Call("GET", "/canned/misses", "List the calls that no rule answered.", ("missed", "misses")),
    Call(
        "GET",
        "/journal",
        "Search the journal.",
        ("entries", "found", "kept", "newest", "next_page_token"),
        query=Listing,
    ),
    Call("DELETE", "/journal", "Clear the journal.", ("cleared",)),
    Call("GET", "/journal/events", "Follow the journal.", query=Following, kinds=(EVENTS,)),
    Call("GET", "/journal/near-misses", "List requests that nearly met a route or a model.", ("near_misses",)),
    Call(
        "POST",
        "/journal:verify",
        "Say whether there were such requests.",
        ("ok", "message", "requests", "near_misses"),
        body=(Claim,),
        required=False,
    ),
    Call(
        "POST",
        "/journal:repro",
        "Write a file that repeats requests.",
        body=(Reproduction,),
        required=False,
        kinds=("text/x-python", "text/x-shellscript"),
    ),
    Call(
        "GET",
        "/verdict",
        "Judge the world's client.",
        ("ok", "outcomes"),
        query={"format": _Format, "world": Literal["*"]},
        kinds=(JSON, TEXT),
    ),
    Call(
        "GET",
        "/outcomes",
        "Say which outcomes clients have met.",
        ("percent", "met", "unmet"),
        query={"format": _Format},
        kinds=(JSON, TEXT),
    ),
    Call("GET", "/worlds", "List the worlds.", ("worlds",)),
    Call("DELETE", "/world", "Forget the world; tell what was left in it.", query={"tell": Literal["left"]}),
    Call("POST", "/reset", f"Begin anew: {_RESETTABLE}.", ("scope",), body=(Reset,), required=False),
    Call("GET", "/state", "Take the state.", ("format", "version", "worlds"), query={"world": Literal["*"]}),
    Call(
        "PUT",
        "/state",
        "Put a state in the place of what there is.",
        ("worlds",),
        body=(State,),
        query={"world": Literal["*"]},
    ),
    Call("GET", "/snapshots", "List the snapshots.", ("snapshots",)),
    Call("POST", "/snapshots/{snapshot}", "Take a snapshot.", ("name", "models")),
    Call("DELETE", "/snapshots/{snapshot}", "Remove a snapshot.", refusals=(404,)),
    Call("POST", "/snapshots/{snapshot}:restore", "Go back to a snapshot.", ("name", "models"), refusals=(404,)),
    Call(
        "GET",
        "/snapshots/{snapshot}:diff",
        "Compare a snapshot with another, or with the present.",
        query={"with": str, "format": _Format},
        kinds=(JSON, TEXT),
        refusals=(404,),
    ),
    Call("GET", "/ready", "Say whether the server can answer for its worlds.", ("ready", "worlds", "store")),
    Call(
        "GET", "/info", "Say what this server is.", ("version", "settings", "world", "clock", "faults", "capabilities")
    ),
    Call("GET", "/metrics", "Tell Prometheus.", kinds=(TEXT, "application/openmetrics-text")),
    Call("GET", "/openapi.json", "Read this document.", ("openapi", "info", "paths", "components")),
)


def no_such_call(method: str, path: str) -> Response:
    """Return the answer to a path below ``/_emulator`` that nothing has, or to a *method* that its path has not."""
    asked = f"{method} {path.removeprefix('/_emulator')}"
    near = get_close_matches(asked, [f"{call.method} {call.path}" for call in CATALOGUE], n=1, cutoff=0.5)
    nearest = f"; the nearest is {near[0].replace(' ', ' /_emulator')}" if near else ""
    sentence = f"There is no call {method} {path[:200]}{nearest}. GET /_emulator/openapi.json describes them all."
    return responses.document({"error": sentence}, 404)
