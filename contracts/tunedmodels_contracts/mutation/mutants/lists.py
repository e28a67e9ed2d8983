"""Mutants of lists: pages, order, filters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import predicates
from ..mutant import Handler, MutantGroup, Send
from ..predicates import Json
from ..request import MutantRequest
from ..response import MutantResponse

GROUP = MutantGroup("lists")

_LISTS = ("GET tunedModels", "GET models", "GET tunedModels/*/permissions", "GET tunedModels/*/operations")
_MODELS = "GET tunedModels"


def _edit_entries(
    request: MutantRequest, response: MutantResponse, edit: Callable[[list[Any], Json], list[Any]], *which: str
) -> None:
    page = response.json
    member = predicates.entries_member(page) if isinstance(page, dict) and request.matches(*(which or _LISTS)) else ""
    if member:
        before = list(page[member])
        page[member] = edit(list(before), page)
        if page[member] != before:
            response.json = page if page[member] else {key: value for key, value in page.items() if key != member}


@GROUP.request
def page_repeated(request: MutantRequest) -> MutantRequest:
    """The token of a page is not looked at: the first page comes again."""
    return request.with_query(pageToken=None) if "pageToken" in request.query else request


@GROUP.request
def page_size_unused(request: MutantRequest) -> MutantRequest:
    """A page has as many entries as it has by default, whatever was asked for."""
    return request.with_query(pageSize=None) if "pageSize" in request.query else request


@GROUP.request
def all_on_one_page(request: MutantRequest) -> MutantRequest:
    """A page has all entries where no size is asked for."""
    unsized = (
        request.matches(*_LISTS) and request.query.get("pageSize", "0") == "0" and "page_size" not in request.query
    )
    return request.with_query(pageSize="1000") if unsized else request


@GROUP.response_to
def last_of_a_page_lost(request: MutantRequest, response: MutantResponse) -> None:
    """The last entry of a page that is not the last is on no page."""
    _edit_entries(request, response, lambda entries, page: entries[: -1 if page.get("nextPageToken") else None])


@GROUP.response_to
def one_more_on_a_page(request: MutantRequest, response: MutantResponse) -> None:
    """The last entry of a page comes twice."""
    _edit_entries(request, response, lambda entries, _: [*entries, *entries[-1:]])


@GROUP.response_to
def token_on_the_last_page(request: MutantRequest, response: MutantResponse) -> None:
    """There is a token for the next page, though there is no next page."""
    if request.matches(*_LISTS) and isinstance(response.json, dict) and predicates.entries_member(response.json):
        response.change_objects(
            lambda value: value.setdefault("nextPageToken", "bW9yZQ==") if predicates.entries_member(value) else None
        )


@GROUP.request
def large_pages_refused(request: MutantRequest) -> MutantRequest | MutantResponse:
    """More than a thousand entries cannot be asked for."""
    size = request.query.get("pageSize", "")
    return MutantResponse.from_error(400, "INVALID_ARGUMENT") if size.isdigit() and int(size) > 1000 else request


@GROUP.request
def negative_pages_taken(request: MutantRequest) -> MutantRequest:
    """A page size below zero is taken for none."""
    return request.with_query(pageSize=None) if request.query.get("pageSize", "").startswith("-") else request


@GROUP.request
def any_token_taken(request: MutantRequest) -> MutantRequest:
    """A token that no page had, or a page of another list, leads to the first page."""
    token = request.query.get("pageToken", "")
    return request.with_query(pageToken=None) if len(token) < 13 or "filter" in request.query else request


@GROUP.response_to
def newest_first(request: MutantRequest, response: MutantResponse) -> None:
    """What was made last is listed first."""
    _edit_entries(request, response, lambda entries, _: entries[::-1])


@GROUP.response_to
def names_alone(request: MutantRequest, response: MutantResponse) -> None:
    """An entry of a list of tuned models is its name, and no more."""
    _edit_entries(request, response, lambda entries, _: [{"name": entry["name"]} for entry in entries], _MODELS)


@GROUP.request
def filters_unused(request: MutantRequest) -> MutantRequest:
    """A filter finds everything."""
    return request.with_query(filter=None) if "filter" in request.query else request


@GROUP.request
def filters_find_nothing(request: MutantRequest) -> MutantRequest:
    """A filter finds nothing."""
    return request.with_query(filter="nothing-has-this-word") if "filter" in request.query else request


@GROUP.stateful
def models_of_everybody() -> Handler:
    """A list has the models of everybody, whoever asks."""
    callers: dict[str, MutantRequest] = {}

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        response = send(request)
        if request.matches("POST tunedModels") and response.status == 200:
            callers[request.caller] = request
        if request.matches(_MODELS) and response.status == 200 and "filter" not in request.query:
            others = [
                send(request.with_credentials_of(other)).json
                for caller, other in callers.items()
                if caller != request.caller
            ]
            shown = [model for page in others for model in (page or {}).get("tunedModels", [])]
            page = response.json
            known = [model["name"] for model in page.get("tunedModels", [])]
            more = [model for model in shown if model["name"] not in known]
            response.json = {**page, "tunedModels": page.get("tunedModels", []) + more}
        return response

    return handle


@GROUP.stateful
def models_for_everyone_listed() -> Handler:
    """What everyone may read is in everybody's list, though nobody asked for it."""

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        response = send(request)
        if request.matches(_MODELS) and response.status == 200 and "filter" not in request.query:
            found = send(request.with_query(filter="readers:everyone")).json or {}
            _edit_entries(request, response, lambda entries, _: [*entries, *found.get("tunedModels", [])])
            if not response.json and found:
                response.json = found
        return response

    return handle


@GROUP.stateful
def shared_models_unlisted() -> Handler:
    """A list has the caller's own models alone."""

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        return (
            send(request.with_query(filter="owner:me"))
            if request.matches(_MODELS) and "filter" not in request.query
            else send(request)
        )

    return handle
