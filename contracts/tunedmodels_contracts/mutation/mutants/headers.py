"""Mutants of headers."""

from __future__ import annotations

from ..mutant import Shelf
from ..request import Ask
from ..response import Reply

SHELF = Shelf("headers")


@SHELF.answer
def type_without_charset(reply: Reply) -> None:
    """JSON does not say in which charset it is."""
    if reply.header("Content-Type").startswith("application/json"):
        reply.set_header("Content-Type", "application/json")


@SHELF.answer
def type_is_text(reply: Reply) -> None:
    """Whatever the body is, it is said to be text."""
    reply.set_header("Content-Type", "text/html; charset=utf-8")


@SHELF.answer
def few_headers(reply: Reply) -> None:
    """An answer has the headers alone that HTTP needs."""
    reply.headers[:] = [(name, value) for name, value in reply.headers if name.lower().startswith("content-")]


@SHELF.answer
def vary_in_one(reply: Reply) -> None:
    """What comes in several headers of one name is put into one."""
    several = [value for name, value in reply.headers if name == "Vary"]
    reply.set_header("Vary", ",".join(several) or None)


@SHELF.answer
def always_compressed(reply: Reply) -> None:
    """An answer is compressed, though that was not accepted."""
    reply.set_header("Content-Encoding", "gzip")


@SHELF.answer
def never_compressed(reply: Reply) -> None:
    """An answer is not compressed, though that was accepted."""
    reply.set_header("Content-Encoding", None)


@SHELF.question
def methods_never_overridden(ask: Ask) -> Ask:
    """A POST is a POST, though a header says that it stands for another method."""
    headers = {name: value for name, value in ask.headers.items() if name.lower() != "x-http-method-override"}
    return ask if len(headers) == len(ask.headers) else Ask(ask.method, ask.url, headers, ask.body)


@SHELF.question
def headers_of_clients_refused(ask: Ask) -> Ask | Reply:
    """What Google's clients say of themselves is refused."""
    said = [name for name in ask.headers if name.lower() in ("x-goog-request-params", "x-goog-request-reason")]
    return Reply.refusing(400, "INVALID_ARGUMENT") if said else ask
