"""Answers requests for OAuth tokens and their revocation, in the form of Google's endpoints."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request
from flask.globals import request_ctx
from werkzeug.exceptions import RequestEntityTooLarge

from ..core.callers.token_endpoint import GrantError, TokenEndpoint
from ..wire.protojson.reading import query_pairs
from ..wire.status import Code, StatusError
from . import responses
from .journaling import entry_draft
from .request_caller import Callers
from .request_head import read_head

_MAX_FORM = 64 * 1024  # bytes of a form; an assertion has about two thousand
_CREDENTIALS = ("token", "refresh_token", "assertion")


def oauth(callers: Callers) -> Blueprint:
    """Return the routes ``/token`` and ``/revoke``."""
    blueprint = Blueprint("oauth", __name__)

    @blueprint.post("/token")
    def token() -> Response:
        form = _form()
        return uncached_response(_form_token_endpoint(callers, form).exchange(form))

    @blueprint.post("/revoke")
    def revoke() -> Response:
        form = dict(query_pairs(request.query_string)) | _form()
        _form_token_endpoint(callers, form).revoke(form.get("token", ""))
        return uncached_response({})

    @blueprint.errorhandler(GrantError)
    def on_grant_refused(error: GrantError) -> Response:
        return uncached_response({"error": error.error, "error_description": error.description}, 400)

    @blueprint.errorhandler(StatusError)
    def on_status_error(error: StatusError) -> Response:
        denied = error.status.code is Code.PERMISSION_DENIED
        word = "access_denied" if denied else "invalid_request"
        return uncached_response({"error": word, "error_description": error.status.message}, error.status.code.http)

    return blueprint


def token_endpoint(callers: Callers, *credentials: str) -> TokenEndpoint:
    """Return the token endpoint of the world that the present request or one of *credentials* names."""
    world = callers.world(read_head(request.environ), *credentials)
    draft = entry_draft(request.environ)
    draft.world, draft.request = world.name, request_ctx.request
    token_url = request.host_url.rstrip("/") + "/token"
    return TokenEndpoint(callers.policy, world, (token_url, request.url), time.time(), secrets.token_hex(8))


def uncached_response(content: Mapping[str, Any], status: int = 200) -> Response:
    """Return *content* as a JSON response that caches must not store."""
    response = responses.document(content, status)
    response.headers["Cache-Control"] = "no-cache, no-store, max-age=0, must-revalidate"
    response.headers["Pragma"] = "no-cache"
    return response


def _form_token_endpoint(callers: Callers, form: Mapping[str, str]) -> TokenEndpoint:
    callers.refuse_real_credentials(read_head(request.environ), tuple(form.values()))
    return token_endpoint(callers, *(form[name] for name in _CREDENTIALS if form.get(name)))


def _form() -> dict[str, str]:
    """Return the form in the present request. Raise GrantError if it is too long."""
    try:
        length = request.content_length or 0
        body = request.get_data() if length <= _MAX_FORM else None
    except RequestEntityTooLarge:
        body = None
    if body is None or len(body) > _MAX_FORM:
        raise GrantError("invalid_request", f"The form has more than {_MAX_FORM} bytes.")
    return dict(query_pairs(body))
