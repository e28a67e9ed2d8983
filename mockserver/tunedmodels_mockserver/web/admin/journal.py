"""Serves ``/journal``, which searches the requests of a world, verifies them, and writes files that repeat them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, Literal

from flask import Response, request

from ...core.journal import repro, search
from ...core.journal.journal import Entry
from ...core.journal.near_misses import near_misses
from ...core.journal.registry import Journals
from ...core.journal.search import JournalQuery
from ...core.journal.verification import Claim, verify
from ...core.state.worlds import World, Worlds
from ...core.strict_input import BadInput, convert, read_json
from ...wire.protojson.reading import query_pairs
from .. import responses, system_parameters
from .endpoints import AdminEndpoints

_PAGE = 100
_LARGEST_PAGE = 1000
_MODELS = 5000  # models that a search for near misses compares at most
_WORLDS = 1000  # worlds that a search for a model visits at most
_FORMATS = {"pytest": ("text/x-python", repro.pytest_file), "curl": ("text/x-shellscript", repro.curl_script)}


class JournalListQuery(JournalQuery, frozen=True, forbid_unknown_fields=True):
    """The entries to list, and the page. ``page_token`` is the ``next_page_token`` of the page before."""

    page_size: int = _PAGE
    page_token: int = 0


class Reproduction(JournalQuery, frozen=True, forbid_unknown_fields=True):
    """The requests to repeat, and the form of the file: a pytest file or a script for curl."""

    form: Literal["pytest", "curl"] = "pytest"


def add(endpoints: AdminEndpoints, world: Callable[[], World], worlds: Worlds, journals: Journals) -> None:
    """Add the routes ``/journal``. *world* returns the world of the present request."""

    @endpoints.add(
        "GET",
        "/journal",
        "Search the journal.",
        members=("entries", "found", "kept", "newest", "next_page_token"),
        query=JournalListQuery,
    )
    def journal() -> Response:
        journal_ = journals.of(world().name)
        listing = query_parameters(JournalListQuery, ("since", "page_size", "page_token"))
        if not 1 <= listing.page_size <= _LARGEST_PAGE:
            raise BadInput(f"page_size must be from 1 to {_LARGEST_PAGE}, got {listing.page_size}.")
        entries = journal_.entries()
        matches = search.find(entries, search.check(listing))
        rest = [entry for entry in matches if entry.number > listing.page_token]
        page = rest[: listing.page_size]
        next_token = str(page[-1].number) if len(rest) > len(page) else None
        return responses.document(
            {
                "entries": [entry.document() for entry in page],
                "found": len(matches),
                "kept": len(entries),
                "newest": journal_.newest_number,
                "next_page_token": next_token,
            }
        )

    @endpoints.add("DELETE", "/journal", "Clear the journal.", members=("cleared",))
    def clear_journal() -> Response:
        return responses.document({"cleared": journals.of(world().name).clear()})

    @endpoints.add(
        "POST",
        "/journal:verify",
        "Check that the journal has certain requests.",
        members=("ok", "message", "requests", "near_misses"),
        body=(Claim,),
        required=False,
    )
    def verify_journal() -> Response:
        claim = read_json(request.get_data() or b"{}", Claim)
        return responses.document(verify(journals.of(world().name).entries(), claim))

    @endpoints.add(
        "GET", "/journal/near-misses", "List requests that almost matched a route or a model.", members=("near_misses",)
    )
    def journal_near_misses() -> Response:
        current = world()
        models = [record.id for record in islice(current.store.after(0), _MODELS)]
        matches = near_misses(
            journals.of(current.name).entries(), models, lambda model: _world_with_model(worlds, current, model)
        )
        return responses.document({"near_misses": matches})

    @endpoints.add(
        "POST",
        "/journal:repro",
        "Write a file that repeats requests.",
        body=(Reproduction,),
        required=False,
        content_types=tuple(content_type for content_type, _ in _FORMATS.values()),
    )
    def write_reproduction() -> Response:
        reproduction = read_json(request.get_data() or b"{}", Reproduction)
        matches: list[Entry] = search.find(journals.of(world().name).entries(), search.check(reproduction))
        if not matches:
            raise BadInput(
                f"No request in the journal matches ({search.describe(reproduction)}), so there is nothing to repeat."
            )
        kind, write = _FORMATS[reproduction.form]
        return Response(write(matches), content_type=f"{kind}; charset=UTF-8")


def query_parameters(kind: type[Any], numbers: Iterable[str] = ("since",)) -> Any:
    """Return the query of the present request as a *kind*. The members in *numbers* are whole numbers from 0.

    Raise BadInput for a query that *kind* does not accept.
    """
    _, pairs = system_parameters.split(query_pairs(request.query_string), request.headers.get)
    values: dict[str, Any] = dict(pairs)
    for name in numbers:
        if name in values:
            if not values[name].isascii() or not values[name].isdecimal() or len(values[name]) > 15:
                raise BadInput(f"{name} must be a whole number from 0, got {values[name][:100]!r}.")
            values[name] = int(values[name])
    return convert(values, kind)


def _world_with_model(worlds: Worlds, current: World, model: str) -> str | None:
    names = islice(worlds.names(), _WORLDS)
    return next((name for name in names if name != current.name and worlds.get(name).store.get(model)), None)
