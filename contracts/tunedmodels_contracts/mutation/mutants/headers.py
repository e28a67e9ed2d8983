"""Mutants of headers."""

from __future__ import annotations

from ..mutant import MutantGroup
from ..request import MutantRequest
from ..response import MutantResponse

GROUP = MutantGroup("headers")


@GROUP.response
def type_without_charset(response: MutantResponse) -> None:
    """JSON does not say in which charset it is."""
    if response.header("Content-Type").startswith("application/json"):
        response.set_header("Content-Type", "application/json")


@GROUP.response
def type_is_text(response: MutantResponse) -> None:
    """Whatever the body is, it is said to be text."""
    response.set_header("Content-Type", "text/html; charset=utf-8")


@GROUP.response
def few_headers(response: MutantResponse) -> None:
    """An answer has the headers alone that HTTP needs."""
    response.headers[:] = [(name, value) for name, value in response.headers if name.lower().startswith("content-")]


@GROUP.response
def vary_in_one(response: MutantResponse) -> None:
    """What comes in several headers of one name is put into one."""
    several = [value for name, value in response.headers if name == "Vary"]
    response.set_header("Vary", ",".join(several) or None)


@GROUP.response
def always_compressed(response: MutantResponse) -> None:
    """An answer is compressed, though that was not accepted."""
    response.set_header("Content-Encoding", "gzip")


@GROUP.response
def never_compressed(response: MutantResponse) -> None:
    """An answer is not compressed, though that was accepted."""
    response.set_header("Content-Encoding", None)


@GROUP.request
def methods_never_overridden(request: MutantRequest) -> MutantRequest:
    """A POST is a POST, though a header says that it stands for another method."""
    headers = {name: value for name, value in request.headers.items() if name.lower() != "x-http-method-override"}
    return (
        request
        if len(headers) == len(request.headers)
        else MutantRequest(request.method, request.url, headers, request.body)
    )


@GROUP.request
def headers_of_clients_refused(request: MutantRequest) -> MutantRequest | MutantResponse:
    """What Google's clients say of themselves is refused."""
    said = [name for name in request.headers if name.lower() in ("x-goog-request-params", "x-goog-request-reason")]
    return MutantResponse.from_error(400, "INVALID_ARGUMENT") if said else request
