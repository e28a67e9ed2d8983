"""Mutants of refusals: their statuses, their envelope, their words."""

from __future__ import annotations

from ..mutant import Shelf
from ..request import Ask
from ..response import Reply

SHELF = Shelf("refusals")


@SHELF.answer
def refusals_succeed(reply: Reply) -> None:
    """A refusal has status 200, and its envelope says the rest."""
    if reply.error:
        reply.status = 200


@SHELF.answer
def no_envelope(reply: Reply) -> None:
    """A refusal is a bare message, as Flask writes it."""
    if reply.error:
        reply.json = {"message": reply.error["message"]}


@SHELF.answer
def refusals_are_pages(reply: Reply) -> None:
    """A refusal is a page for people."""
    if reply.error:
        reply.text = f"<!doctype html>\n<title>{reply.status}</title>\n<h1>{reply.error['message']}</h1>\n"
        reply.set_header("Content-Type", "text/html; charset=utf-8")


@SHELF.answer
def codes_of_rpc(reply: Reply) -> None:
    """The code of a refusal is that of its status name in RPCs: 5 for NOT_FOUND."""
    numbers = {"INVALID_ARGUMENT": 3, "NOT_FOUND": 5, "ALREADY_EXISTS": 6, "PERMISSION_DENIED": 7}
    if reply.error.get("status") in numbers:
        number = numbers[reply.error["status"]]
        reply.change(lambda value: value.update(code=number) if "status" in value and "code" in value else None)


@SHELF.answer
def status_names_missing(reply: Reply) -> None:
    """A refusal has no status by name."""
    if reply.error:
        reply.change(lambda value: value.pop("status", None))


@SHELF.answer
def preconditions_are_arguments(reply: Reply) -> None:
    """A failed precondition is an invalid argument."""
    if reply.error.get("status") == "FAILED_PRECONDITION":
        reply.change(lambda value: value.update(status="INVALID_ARGUMENT") if "status" in value else None)


@SHELF.answer
def arguments_are_preconditions(reply: Reply) -> None:
    """An invalid argument is a failed precondition."""
    if reply.error.get("status") == "INVALID_ARGUMENT":
        reply.change(lambda value: value.update(status="FAILED_PRECONDITION") if "status" in value else None)


@SHELF.answer
def arguments_are_unprocessable(reply: Reply) -> None:
    """An invalid argument is 422, as web frameworks have it."""
    if reply.error and reply.status == 400:
        reply.status = 422
        reply.change(lambda value: value.update(code=422) if "code" in value else None)


@SHELF.answer
def other_words(reply: Reply) -> None:
    """A refusal says the name of its status, and nothing of the case."""
    if reply.error:
        words = str(reply.error.get("status", "")).replace("_", " ").capitalize()
        reply.change(lambda value: value.update(message=words) if "code" in value else None)


@SHELF.answer
def debug_details(reply: Reply) -> None:
    """A refusal shows where in the server it was made."""
    if reply.error:
        trace = {"@type": "type.googleapis.com/google.rpc.DebugInfo", "detail": "server.py, line 1"}
        reply.change(
            lambda value: value.update(details=[*value.get("details", []), trace]) if "code" in value else None
        )


@SHELF.answer
def details_missing(reply: Reply) -> None:
    """A refusal has no details."""
    if reply.error:
        reply.change(lambda value: value.pop("details", None))


@SHELF.question
def second_form_always(ask: Ask) -> Ask:
    """A refusal has its second form, though the first was asked for."""
    return ask.with_query(**{"$.xgafv": None}) if ask.query.get("$.xgafv") == "1" else ask


@SHELF.question
def first_form_by_default(ask: Ask) -> Ask:
    """A refusal has its first form, with a list of errors, though nobody asked for that."""
    return ask if "xgafv" in ask.url or ask.method != "GET" else ask.with_query(**{"$.xgafv": "1"})


@SHELF.answer
def one_more_line(reply: Reply) -> None:
    """A message does not end with a line end, though some of the service's own do."""
    if reply.error:
        reply.change(lambda value: value.update(message=value["message"].strip()) if "code" in value else None)
