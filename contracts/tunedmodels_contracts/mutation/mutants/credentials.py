"""Mutants of callers: who may ask at all, and who may do what."""

from __future__ import annotations

from dataclasses import replace

from ..mutant import Handler, MutantGroup, Send
from ..request import MutantRequest
from ..response import MutantResponse

GROUP = MutantGroup("credentials")

_IN_THE_QUERY = ("key", "$key", "access_token", "oauth_token")


@GROUP.stateful
def permissions_unchecked() -> Handler:
    """Everybody may do everything with a model: nobody looks who asks."""
    makers: dict[str, MutantRequest] = {}

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        if request.model in makers and request.caller:
            request = request.with_credentials_of(makers[request.model])
        response = send(request)
        if request.matches("POST tunedModels") and response.status == 200:
            makers[response.json["metadata"]["tunedModel"]] = request
        return response

    return handle


@GROUP.stateful
def credentials_unchecked() -> Handler:
    """Who has no credentials, or some that nobody has, is taken for somebody who has."""
    known: list[MutantRequest] = []

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        response = send(request)
        if response.status == 200 and request.token:
            known[:] = [request]
        refused = (
            response.status == 401 or "API_KEY_INVALID" in response.text or "unregistered callers" in response.text
        )
        return send(request.with_credentials_of(known[0])) if refused and known else response

    return handle


@GROUP.response
def nobody_is_unauthenticated(response: MutantResponse) -> None:
    """Who has no credentials is 401, as HTTP has it, not 403."""
    if response.status == 403 and "unregistered callers" in response.text:
        response.replace_with(MutantResponse.from_error(401, "UNAUTHENTICATED", response.error["message"]))


@GROUP.response
def bad_keys_are_forbidden(response: MutantResponse) -> None:
    """A key that nobody has is 403, not 400."""
    if response.status == 400 and "API_KEY_INVALID" in response.text:
        response.replace_with(MutantResponse.from_error(403, "PERMISSION_DENIED", response.error["message"]))


@GROUP.response
def unauthenticated_are_forbidden(response: MutantResponse) -> None:
    """A token that nobody has is 403, not 401."""
    if response.status == 401:
        response.replace_with(MutantResponse.from_error(403, "PERMISSION_DENIED", response.error["message"]))


@GROUP.response_to
def secret_echoed(request: MutantRequest, response: MutantResponse) -> None:
    """A refusal repeats the key or token that was sent."""
    if response.error and request.caller and response.status in (400, 401):
        response.change_objects(
            lambda value: value.update(message=f"{value['message']} ({request.caller})") if "code" in value else None
        )


@GROUP.request
def parameters_are_no_credentials(request: MutantRequest) -> MutantRequest:
    """A key or token in the query string is not looked at."""
    found = {name: None for name in _IN_THE_QUERY if name in request.query}
    return request.with_query(**found) if found else request


@GROUP.request
def headers_are_no_credentials(request: MutantRequest) -> MutantRequest:
    """A key in a header is not looked at."""
    headers = {name: value for name, value in request.headers.items() if name.lower() != "x-goog-api-key"}
    return replace(request, headers=headers) if len(headers) < len(request.headers) else request


@GROUP.response
def keys_do_everything(response: MutantResponse) -> None:
    """An API key is enough where a person is needed."""
    if response.status == 401 and "CREDENTIALS_MISSING" in response.text:
        response.replace_with(MutantResponse.from_json({}))


@GROUP.stateful
def one_person_for_all() -> Handler:
    """All tokens are of one person."""
    first: list[MutantRequest] = []

    def handle(request: MutantRequest, send: Send) -> MutantResponse:
        if first and request.token and "no-token" not in request.token:
            return send(request.with_credentials_of(first[0]))
        response = send(request)
        if not first and response.status == 200 and request.token:
            first.append(request)
        return response

    return handle
