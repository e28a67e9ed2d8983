"""Implements the part of a virtual machine's metadata server that google-auth uses.

The answers have the form that google-auth reads. They have not been compared with those of the real server.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, request

from ..core.callers import identity, scopes, service_accounts
from ..wire.protojson.reading import query_pairs
from ..wire.status import StatusError
from . import responses
from .api_response import ApiResponse
from .oauth import token_endpoint, uncached_response
from .request_caller import Callers

_FLAVOR = ("Metadata-Flavor", "Google")
_ROOT = "/computeMetadata/v1"
_ACCOUNT = f"{_ROOT}/instance/service-accounts/<any(default,'{identity.DEVELOPER}'):account>"


def metadata_server(callers: Callers, home: Callable[[], ApiResponse]) -> Blueprint:
    """Return the routes of the metadata server. The service account of the machine is the developer.

    *home* answers a request for ``/`` that is not for the metadata server.
    """
    blueprint = Blueprint("metadata", __name__)

    def route(name: str, path: str, view: Callable[[], Response]) -> None:
        def with_flavor(**_segments: str) -> Response | ApiResponse:
            if request.headers.get(_FLAVOR[0]) != _FLAVOR[1]:
                # Other clients, such as browsers, also request the root.
                return home() if path == "/" else _forbidden()
            response = view()
            response.headers[_FLAVOR[0]] = _FLAVOR[1]
            return response

        blueprint.add_url_rule(path, name, with_flavor, strict_slashes=False, provide_automatic_options=False)

    def account() -> Response:
        account_document = {"aliases": ["default"], "email": identity.DEVELOPER, "scopes": list(scopes.TUNING)}
        return responses.document(account_document)

    def token() -> Response:
        requested = dict(query_pairs(request.query_string)).get("scopes", "")
        granted_scopes = tuple(requested.replace(",", " ").split()) or scopes.TUNING
        content = token_endpoint(callers).issue(identity.DEVELOPER, granted_scopes)
        return uncached_response({name: content[name] for name in ("access_token", "expires_in", "token_type")})

    route("root", "/", lambda: _text("computeMetadata/\n"))
    route("project", f"{_ROOT}/project/project-id", lambda: _text(service_accounts.PROJECT))
    route("universe", f"{_ROOT}/universe/universe-domain", lambda: _text("googleapis.com"))
    route("account", f"{_ACCOUNT}/", account)
    route("email", f"{_ACCOUNT}/email", lambda: _text(identity.DEVELOPER))
    route("token", f"{_ACCOUNT}/token", token)

    @blueprint.errorhandler(StatusError)
    def on_status_error(error: StatusError) -> Response:
        return _text(error.status.message, error.status.code.http)

    return blueprint


def _forbidden() -> Response:
    return _text("The request lacks the header Metadata-Flavor: Google.\n", 403)


def _text(text: str, status: int = 200) -> Response:
    return Response(text, status, content_type="application/text")
