"""The Flask application of the mock server, with a short way for the methods of the API.

A view of the API works on values and needs none of Flask's contexts. So its requests go from the route to the view
directly. These requests go the way of Flask, which makes the contexts first: those for other routes, for no route, with
HEAD, or with unusual characters in the path; each request that ends with an exception, for its error handler; and all
requests if the application has functions that run before or after each request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask, Request, Response, request
from flask.globals import request_ctx
from flask.sessions import NullSession, SessionInterface
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from .api_response import ApiResponse
from .request_body import MAX_BODY

REQUEST = "tunedmodels.request"
"""The key of Flask's request in a WSGI environment, if the request goes the way of Flask. It may have read the body."""

_METHODS = frozenset({"GET", "POST", "PATCH", "DELETE", "PUT"})
_MAX_MATCHES = 4096  # requests whose route is kept
_MAX_PATH = 300  # characters of a path whose route is kept


class ApiRequest(Request):
    """A request whose limit on the body does not depend on a context of Flask."""

    @property
    def max_content_length(self) -> int | None:
        """The largest body that is read, in bytes."""
        return MAX_BODY

    @max_content_length.setter
    def max_content_length(self, value: int | None) -> None:
        raise AttributeError(f"the limit of a request for the API is fixed, so it cannot become {value}")


class _NoSessions(SessionInterface):
    """Makes no session: the API has no cookies."""

    _session = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:  # noqa: ARG002 - Flask names them
        """Return the one session, which nothing can change."""
        return self._session


class _RuleWithLateBuilder(Rule):
    """A rule that compiles the functions that build its URL when somebody builds one.

    The server builds none, and compiling them takes most of the time in which the routes are made.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        def build(rule: Rule, **values: Any) -> tuple[str, str]:
            return Rule._compile_builder(self, append_unknown)(rule, **values)

        return build


class ApiView:
    """The view of one route of the API. ``answer`` returns the response to a version and a WSGI environment."""

    def __init__(self, answer: Callable[[str, dict[str, Any]], ApiResponse]) -> None:
        self.answer = answer

    def __call__(self, version: str, **_segments: str) -> ApiResponse:
        """Answer the present request of Flask."""
        return self.answer(version, {**request.environ, REQUEST: request_ctx.request})


class Application(Flask):
    """A Flask application that calls each ``ApiView`` without contexts."""

    request_class = ApiRequest
    session_interface = _NoSessions()
    url_rule_class = _RuleWithLateBuilder

    def __init__(self, name: str) -> None:
        super().__init__(name, static_folder=None)
        self.config["MAX_CONTENT_LENGTH"] = MAX_BODY
        self._matches: dict[tuple[str, str], tuple[ApiView, str]] = {}

    def wsgi_app(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer the request in *environ*."""
        match = self._match(environ)
        if match is None:
            return super().wsgi_app(environ, start_response)
        view, version = match
        response: ApiResponse | Response
        try:
            response = view.answer(version, environ)
        except Exception as error:
            with self.request_context(environ):
                response = self.make_response(self.handle_user_exception(error))
        return response(environ, start_response)

    def make_response(self, rv: Any) -> Response:
        """Return the result of a view or an error handler as a response of Flask."""
        return super().make_response(rv.for_flask() if isinstance(rv, ApiResponse) else rv)

    def _match(self, environ: dict[str, Any]) -> tuple[ApiView, str] | None:
        """Return the view of the API and the version for a request, or None if it goes the way of Flask."""
        if self._has_hooks():
            return None
        key = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        return self._matches.get(key) or self._find(*key)

    def _find(self, method: str, path: str) -> tuple[ApiView, str] | None:
        if method not in _METHODS or not path.isascii() or path[1:2] == "/":
            return None
        try:
            endpoint, values = self.url_map.bind("").match(path, method)
        except HTTPException:
            return None
        view = self.view_functions[endpoint]
        if not isinstance(view, ApiView):
            return None
        match = view, values["version"]
        if len(path) <= _MAX_PATH:
            if len(self._matches) >= _MAX_MATCHES:
                self._matches.clear()
            self._matches[method, path] = match
        return match

    def _has_hooks(self) -> bool:
        return bool(
            self.before_request_funcs
            or self.after_request_funcs
            or self.teardown_request_funcs
            or self.url_value_preprocessors
        )
