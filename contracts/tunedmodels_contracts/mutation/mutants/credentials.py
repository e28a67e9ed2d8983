"""Mutants of callers: who may ask at all, and who may do what."""

from __future__ import annotations

from dataclasses import replace

from ..mutant import Send, Shelf, Spoiler
from ..request import Ask
from ..response import Reply

SHELF = Shelf("credentials")

_IN_THE_QUERY = ("key", "$key", "access_token", "oauth_token")


@SHELF.memory
def permissions_unchecked() -> Spoiler:
    """Everybody may do everything with a model: nobody looks who asks."""
    makers: dict[str, Ask] = {}

    def spoil(ask: Ask, send: Send) -> Reply:
        if ask.model in makers and ask.caller:
            ask = ask.as_(makers[ask.model])
        reply = send(ask)
        if ask.is_("POST tunedModels") and reply.status == 200:
            makers[reply.json["metadata"]["tunedModel"]] = ask
        return reply

    return spoil


@SHELF.memory
def credentials_unchecked() -> Spoiler:
    """Who has no credentials, or some that nobody has, is taken for somebody who has."""
    known: list[Ask] = []

    def spoil(ask: Ask, send: Send) -> Reply:
        reply = send(ask)
        if reply.status == 200 and ask.token:
            known[:] = [ask]
        refused = reply.status == 401 or "API_KEY_INVALID" in reply.text or "unregistered callers" in reply.text
        return send(ask.as_(known[0])) if refused and known else reply

    return spoil


@SHELF.answer
def nobody_is_unauthenticated(reply: Reply) -> None:
    """Who has no credentials is 401, as HTTP has it, not 403."""
    if reply.status == 403 and "unregistered callers" in reply.text:
        reply.become(Reply.refusing(401, "UNAUTHENTICATED", reply.error["message"]))


@SHELF.answer
def bad_keys_are_forbidden(reply: Reply) -> None:
    """A key that nobody has is 403, not 400."""
    if reply.status == 400 and "API_KEY_INVALID" in reply.text:
        reply.become(Reply.refusing(403, "PERMISSION_DENIED", reply.error["message"]))


@SHELF.answer
def unauthenticated_are_forbidden(reply: Reply) -> None:
    """A token that nobody has is 403, not 401."""
    if reply.status == 401:
        reply.become(Reply.refusing(403, "PERMISSION_DENIED", reply.error["message"]))


@SHELF.answer_to
def secret_echoed(ask: Ask, reply: Reply) -> None:
    """A refusal repeats the key or token that was sent."""
    if reply.error and ask.caller and reply.status in (400, 401):
        reply.change(
            lambda value: value.update(message=f"{value['message']} ({ask.caller})") if "code" in value else None
        )


@SHELF.question
def parameters_are_no_credentials(ask: Ask) -> Ask:
    """A key or token in the query string is not looked at."""
    found = {name: None for name in _IN_THE_QUERY if name in ask.query}
    return ask.with_query(**found) if found else ask


@SHELF.question
def headers_are_no_credentials(ask: Ask) -> Ask:
    """A key in a header is not looked at."""
    headers = {name: value for name, value in ask.headers.items() if name.lower() != "x-goog-api-key"}
    return replace(ask, headers=headers) if len(headers) < len(ask.headers) else ask


@SHELF.answer
def keys_do_everything(reply: Reply) -> None:
    """An API key is enough where a person is needed."""
    if reply.status == 401 and "CREDENTIALS_MISSING" in reply.text:
        reply.become(Reply.saying({}))


@SHELF.memory
def one_person_for_all() -> Spoiler:
    """All tokens are of one person."""
    first: list[Ask] = []

    def spoil(ask: Ask, send: Send) -> Reply:
        if first and ask.token and "no-token" not in ask.token:
            return send(ask.as_(first[0]))
        reply = send(ask)
        if not first and reply.status == 200 and ask.token:
            first.append(ask)
        return reply

    return spoil
