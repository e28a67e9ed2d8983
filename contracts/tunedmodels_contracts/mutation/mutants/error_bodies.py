"""Mutants of refusals: their statuses, their envelope, their words."""

from __future__ import annotations

from ..mutant import MutantGroup
from ..request import MutantRequest
from ..response import MutantResponse

GROUP = MutantGroup("refusals")


@GROUP.response
def refusals_succeed(response: MutantResponse) -> None:
    """A refusal has status 200, and its envelope says the rest."""
    if response.error:
        response.status = 200


@GROUP.response
def no_envelope(response: MutantResponse) -> None:
    """A refusal is a bare message, as Flask writes it."""
    if response.error:
        response.json = {"message": response.error["message"]}


@GROUP.response
def refusals_are_pages(response: MutantResponse) -> None:
    """A refusal is a page for people."""
    if response.error:
        response.text = f"<!doctype html>\n<title>{response.status}</title>\n<h1>{response.error['message']}</h1>\n"
        response.set_header("Content-Type", "text/html; charset=utf-8")


@GROUP.response
def codes_of_rpc(response: MutantResponse) -> None:
    """The code of a refusal is that of its status name in RPCs: 5 for NOT_FOUND."""
    numbers = {"INVALID_ARGUMENT": 3, "NOT_FOUND": 5, "ALREADY_EXISTS": 6, "PERMISSION_DENIED": 7}
    if response.error.get("status") in numbers:
        number = numbers[response.error["status"]]
        response.change_objects(
            lambda value: value.update(code=number) if "status" in value and "code" in value else None
        )


@GROUP.response
def status_names_missing(response: MutantResponse) -> None:
    """A refusal has no status by name."""
    if response.error:
        response.change_objects(lambda value: value.pop("status", None))


@GROUP.response
def preconditions_are_arguments(response: MutantResponse) -> None:
    """A failed precondition is an invalid argument."""
    if response.error.get("status") == "FAILED_PRECONDITION":
        response.change_objects(lambda value: value.update(status="INVALID_ARGUMENT") if "status" in value else None)


@GROUP.response
def arguments_are_preconditions(response: MutantResponse) -> None:
    """An invalid argument is a failed precondition."""
    if response.error.get("status") == "INVALID_ARGUMENT":
        response.change_objects(lambda value: value.update(status="FAILED_PRECONDITION") if "status" in value else None)


@GROUP.response
def arguments_are_unprocessable(response: MutantResponse) -> None:
    """An invalid argument is 422, as web frameworks have it."""
    if response.error and response.status == 400:
        response.status = 422
        response.change_objects(lambda value: value.update(code=422) if "code" in value else None)


@GROUP.response
def other_words(response: MutantResponse) -> None:
    """A refusal says the name of its status, and nothing of the case."""
    if response.error:
        words = str(response.error.get("status", "")).replace("_", " ").capitalize()
        response.change_objects(lambda value: value.update(message=words) if "code" in value else None)


@GROUP.response
def debug_details(response: MutantResponse) -> None:
    """A refusal shows where in the server it was made."""
    if response.error:
        trace = {"@type": "type.googleapis.com/google.rpc.DebugInfo", "detail": "server.py, line 1"}
        response.change_objects(
            lambda value: value.update(details=[*value.get("details", []), trace]) if "code" in value else None
        )


@GROUP.response
def details_missing(response: MutantResponse) -> None:
    """A refusal has no details."""
    if response.error:
        response.change_objects(lambda value: value.pop("details", None))


@GROUP.request
def second_form_always(request: MutantRequest) -> MutantRequest:
    """A refusal has its second form, though the first was asked for."""
    return request.with_query(**{"$.xgafv": None}) if request.query.get("$.xgafv") == "1" else request


@GROUP.request
def first_form_by_default(request: MutantRequest) -> MutantRequest:
    """A refusal has its first form, with a list of errors, though nobody asked for that."""
    return request if "xgafv" in request.url or request.method != "GET" else request.with_query(**{"$.xgafv": "1"})


@GROUP.response
def one_more_line(response: MutantResponse) -> None:
    """A message does not end with a line end, though some of the service's own do."""
    if response.error:
        response.change_objects(
            lambda value: value.update(message=value["message"].strip()) if "code" in value else None
        )
