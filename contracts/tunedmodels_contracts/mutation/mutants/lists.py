"""Mutants of lists: pages, order, filters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import predicates
from ..mutant import Send, Shelf, Spoiler
from ..predicates import Json
from ..request import Ask
from ..response import Reply

SHELF = Shelf("lists")

_LISTS = ("GET tunedModels", "GET models", "GET tunedModels/*/permissions", "GET tunedModels/*/operations")
_MODELS = "GET tunedModels"


def _entries(ask: Ask, reply: Reply, how: Callable[[list[Any], Json], list[Any]], *which: str) -> None:
    page = reply.json
    member = predicates.page(page) if isinstance(page, dict) and ask.is_(*(which or _LISTS)) else ""
    if member:
        before = list(page[member])
        page[member] = how(list(before), page)
        if page[member] != before:
            reply.json = page if page[member] else {key: value for key, value in page.items() if key != member}


@SHELF.question
def page_repeated(ask: Ask) -> Ask:
    """The token of a page is not looked at: the first page comes again."""
    return ask.with_query(pageToken=None) if "pageToken" in ask.query else ask


@SHELF.question
def page_size_unused(ask: Ask) -> Ask:
    """A page has as many entries as it has by default, whatever was asked for."""
    return ask.with_query(pageSize=None) if "pageSize" in ask.query else ask


@SHELF.question
def all_on_one_page(ask: Ask) -> Ask:
    """A page has all entries where no size is asked for."""
    unsized = ask.is_(*_LISTS) and ask.query.get("pageSize", "0") == "0" and "page_size" not in ask.query
    return ask.with_query(pageSize="1000") if unsized else ask


@SHELF.answer_to
def last_of_a_page_lost(ask: Ask, reply: Reply) -> None:
    """The last entry of a page that is not the last is on no page."""
    _entries(ask, reply, lambda entries, page: entries[: -1 if page.get("nextPageToken") else None])


@SHELF.answer_to
def one_more_on_a_page(ask: Ask, reply: Reply) -> None:
    """The last entry of a page comes twice."""
    _entries(ask, reply, lambda entries, _: [*entries, *entries[-1:]])


@SHELF.answer_to
def token_on_the_last_page(ask: Ask, reply: Reply) -> None:
    """There is a token for the next page, though there is no next page."""
    if ask.is_(*_LISTS) and isinstance(reply.json, dict) and predicates.page(reply.json):
        reply.change(lambda value: value.setdefault("nextPageToken", "bW9yZQ==") if predicates.page(value) else None)


@SHELF.question
def large_pages_refused(ask: Ask) -> Ask | Reply:
    """More than a thousand entries cannot be asked for."""
    size = ask.query.get("pageSize", "")
    return Reply.refusing(400, "INVALID_ARGUMENT") if size.isdigit() and int(size) > 1000 else ask


@SHELF.question
def negative_pages_taken(ask: Ask) -> Ask:
    """A page size below zero is taken for none."""
    return ask.with_query(pageSize=None) if ask.query.get("pageSize", "").startswith("-") else ask


@SHELF.question
def any_token_taken(ask: Ask) -> Ask:
    """A token that no page had, or a page of another list, leads to the first page."""
    token = ask.query.get("pageToken", "")
    return ask.with_query(pageToken=None) if len(token) < 13 or "filter" in ask.query else ask


@SHELF.answer_to
def newest_first(ask: Ask, reply: Reply) -> None:
    """What was made last is listed first."""
    _entries(ask, reply, lambda entries, _: entries[::-1])


@SHELF.answer_to
def names_alone(ask: Ask, reply: Reply) -> None:
    """An entry of a list of tuned models is its name, and no more."""
    _entries(ask, reply, lambda entries, _: [{"name": entry["name"]} for entry in entries], _MODELS)


@SHELF.question
def filters_unused(ask: Ask) -> Ask:
    """A filter finds everything."""
    return ask.with_query(filter=None) if "filter" in ask.query else ask


@SHELF.question
def filters_find_nothing(ask: Ask) -> Ask:
    """A filter finds nothing."""
    return ask.with_query(filter="nothing-has-this-word") if "filter" in ask.query else ask


@SHELF.memory
def models_of_everybody() -> Spoiler:
    """A list has the models of everybody, whoever asks."""
    callers: dict[str, Ask] = {}

    def spoil(ask: Ask, send: Send) -> Reply:
        reply = send(ask)
        if ask.is_("POST tunedModels") and reply.status == 200:
            callers[ask.caller] = ask
        if ask.is_(_MODELS) and reply.status == 200 and "filter" not in ask.query:
            others = [send(ask.as_(other)).json for caller, other in callers.items() if caller != ask.caller]
            shown = [model for page in others for model in (page or {}).get("tunedModels", [])]
            page = reply.json
            known = [model["name"] for model in page.get("tunedModels", [])]
            more = [model for model in shown if model["name"] not in known]
            reply.json = {**page, "tunedModels": page.get("tunedModels", []) + more}
        return reply

    return spoil


@SHELF.memory
def models_for_everyone_listed() -> Spoiler:
    """What everyone may read is in everybody's list, though nobody asked for it."""

    def spoil(ask: Ask, send: Send) -> Reply:
        reply = send(ask)
        if ask.is_(_MODELS) and reply.status == 200 and "filter" not in ask.query:
            found = send(ask.with_query(filter="readers:everyone")).json or {}
            _entries(ask, reply, lambda entries, _: [*entries, *found.get("tunedModels", [])])
            if not reply.json and found:
                reply.json = found
        return reply

    return spoil


@SHELF.memory
def shared_models_unlisted() -> Spoiler:
    """A list has the caller's own models alone."""

    def spoil(ask: Ask, send: Send) -> Reply:
        return send(ask.with_query(filter="owner:me")) if ask.is_(_MODELS) and "filter" not in ask.query else send(ask)

    return spoil
