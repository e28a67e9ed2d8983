"""Mutants of versions and routes: which paths there are, and what answers where there is none."""

from __future__ import annotations

from ..mutant import Send, Shelf, Spoiler
from ..request import Ask
from ..response import Reply

SHELF = Shelf("versions")


def _no_route(reply: Reply) -> bool:
    return reply.status == 404 and not reply.text.lstrip().startswith(("{", "["))


@SHELF.memory
def every_version_has_all() -> Spoiler:
    """What one version has the others have too."""

    def spoil(ask: Ask, send: Send) -> Reply:
        reply = send(ask)
        for version in ("v1beta", "v1"):
            if _no_route(reply):
                reply = send(ask.with_path(ask.path, version))
        return reply

    return spoil


@SHELF.question
def no_v1(ask: Ask) -> Ask:
    """There is no version v1."""
    return ask.with_path(ask.path, "v0") if ask.version == "v1" else ask


@SHELF.question
def no_older_versions(ask: Ask) -> Ask:
    """There is neither v1beta3 nor v1alpha."""
    return ask.with_path(ask.path, "v0") if ask.version in ("v1beta3", "v1alpha") else ask


@SHELF.answer_to
def wordings_of_v1beta(ask: Ask, reply: Reply) -> None:
    """A refusal names version v1beta, whichever was asked."""
    if ask.version == "v1" and reply.error:
        reply.text = reply.text.replace("API version v1,", "API version v1beta,")


@SHELF.answer
def unknown_routes_in_envelopes(reply: Reply) -> None:
    """A path that there is not is refused as a model that there is not is."""
    if _no_route(reply):
        reply.become(Reply.refusing(404, "NOT_FOUND", "Not found."))


@SHELF.answer
def unknown_routes_succeed(reply: Reply) -> None:
    """A path that there is not answers with nothing."""
    if _no_route(reply):
        reply.become(Reply.saying({}))


@SHELF.answer
def unknown_methods_are_405(reply: Reply) -> None:
    """Another method of a path that there is is not allowed: 405."""
    if _no_route(reply):
        reply.status = 405
