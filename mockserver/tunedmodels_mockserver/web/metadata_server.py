"""Metadata: as much of a virtual machine's metadata server as google-auth asks for.

Its answers are the forms that google-auth reads; the real server was not looked at.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, request

from ..core.callers import identity, scopes, service_accounts
from ..wire.protojson.reading import query_pairs
from ..wire.status import StatusError
from . import responses
from .home import home
from .oauth import answer, endpoint
from .request_caller import Callers

_FLAVOR = ("Metadata-Flavor", "Google")
_ROOT = "/computeMetadata/v1"
_ACCOUNT = f"{_ROOT}/instance/service-accounts/<any(default,'{identity.DEVELOPER}'):account>"


def metadata(callers: Callers) -> Blueprint:
    """Return the routes of the metadata server; the account of the machine is the developer."""
    blueprint = Blueprint("metadata", __name__)

    def route(name: str, path: str, view: Callable[[], Response]) -> None:
        def flavored(**_segments: str) -> Response:
            if request.headers.get(_FLAVOR[0]) != _FLAVOR[1]:
                # Everybody else comes to the root, too.
                return home(callers.worlds.names) if path == "/" else _forbidden()
            response = view()
            response.headers[_FLAVOR[0]] = _FLAVOR[1]
            return response

        blueprint.add_url_rule(path, name, flavored, strict_slashes=False, provide_automatic_options=False)

    def account() -> Response:
        aliases = {"aliases": ["default"], "email": identity.DEVELOPER, "scopes": list(scopes.TUNING)}
        return responses.document(aliases)

    def token() -> Response:
        asked = dict(query_pairs(request.query_string)).get("scopes", "")
        granted = tuple(asked.replace(",", " ").split()) or scopes.TUNING
        content = endpoint(callers).issue(identity.DEVELOPER, granted)
        return answer({name: content[name] for name in ("access_token", "expires_in", "token_type")})

    route("root", "/", lambda: _text("computeMetadata/\n"))
    route("project", f"{_ROOT}/project/project-id", lambda: _text(service_accounts.PROJECT))
    route("universe", f"{_ROOT}/universe/universe-domain", lambda: _text("googleapis.com"))
    route("account", f"{_ACCOUNT}/", account)
    route("email", f"{_ACCOUNT}/email", lambda: _text(identity.DEVELOPER))
    route("token", f"{_ACCOUNT}/token", token)

    @blueprint.errorhandler(StatusError)
    def refused(error: StatusError) -> Response:
        return _text(error.status.message, error.status.code.http)

    return blueprint


def _forbidden() -> Response:
    return _text("The request lacks the header Metadata-Flavor: Google.\n", 403)


def _text(text: str, status: int = 200) -> Response:
    return Response(text, status, content_type="application/text")
