"""Serves ``/journal``, which searches the requests of a world, verifies them, and exports them for other tools."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, Literal

from flask import Response, request

from ...core.journal import search
from ...core.journal.entry import Entry
from ...core.journal.registry import Journals
from ...core.journal.search import JournalQuery
from ...core.journal.verification import Claim, verify
from ...core.state.worlds import World, Worlds
from ...core.strict_input import BadInput, convert, read_json
from ...wire.protojson.reading import query_pairs
from .. import responses, system_parameters
from ..api_response import SERVER
from .endpoints import JSON, AdminEndpoints

_PAGE = 100
_LARGEST_PAGE = 1000
_MODELS = 5000  # models that a search for near misses compares at most
_WORLDS = 1000  # worlds that a search for a model visits at most


class JournalListQuery(JournalQuery, frozen=True, forbid_unknown_fields=True):
    """The entries to list, and the page. ``page_token`` is the ``next_page_token`` of the page before."""

    page_size: int = _PAGE
    page_token: int = 0


class JournalExport(JournalQuery, frozen=True, forbid_unknown_fields=True):
    """The requests to export, and the form: a HAR 1.2 file, or a shell script with a curl command for each."""

    form: Literal["har", "curl"] = "har"


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
        matches = search.matching_entries(entries, search.check(listing))
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
        from ...core.journal.near_misses import near_misses  # imported here, so that a server starts faster

        current = world()
        models = [record.id for record in islice(current.store.records_after(0), _MODELS)]
        matches = near_misses(
            journals.of(current.name).entries(), models, lambda model: _world_with_model(worlds, current, model)
        )
        return responses.document({"near_misses": matches})

    @endpoints.add(
        "POST",
        "/journal:export",
        "Export requests for other tools.",
        body=(JournalExport,),
        required=False,
        content_types=(JSON, "text/x-shellscript"),
    )
    def export_journal() -> Response:
        from ...core.journal.har import Origin, curl_commands, har  # imported here, so that a server starts faster

        export = read_json(request.get_data() or b"{}", JournalExport)
        name = world().name
        matches: list[Entry] = search.matching_entries(journals.of(name).entries(), search.check(export))
        if not matches:
            text = f"No request in the journal matches ({search.describe(export)}), so there is nothing to export."
            raise BadInput(text)
        epoch = time.time_ns() - time.monotonic_ns()
        origin = Origin(request.host_url.rstrip("/"), SERVER, epoch, name)
        if export.form == "har":
            return responses.document(har(matches, origin))
        return Response(curl_commands(matches, origin), content_type="text/x-shellscript; charset=UTF-8")


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
