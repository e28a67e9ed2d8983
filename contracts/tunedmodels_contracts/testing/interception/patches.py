"""Patches this process so that calls to the real service are intercepted or refused."""

from __future__ import annotations

import asyncio
import http.client
import os
import re
import socket
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from unittest import mock

from tunedmodels_mockserver.environment import OTHER_KEY

from ...transport.wsgi_call import BrokenConnection, call_application
from .hosts import HOSTS, NotIntercepted, is_service_host
from .imports import once_imported
from .wire import Wire

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

Current = Callable[[], "WSGIApplication | None"]

API_KEY = "test-intercepted"

_HTTPX = ("httpx", "httpx2")  # the second is a fork of the first and has the same names
_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_SERVICE_URL = re.compile(r"https?://(" + "|".join(map(re.escape, sorted(HOSTS))) + r")(:\d+)?([/?]|$)", re.IGNORECASE)
_OTHER_URL = re.compile(r"(?!" + _SERVICE_URL.pattern + r")", re.IGNORECASE)
_HIDDEN_VARIABLES = ("GOOGLE_GEMINI_BASE_URL", "TUNEDMODELS_EMULATOR_HOST", "GOOGLE_APPLICATION_CREDENTIALS", OTHER_KEY)


def patch_process(current: Current) -> ExitStack:
    """Patch this process so that the application from *current* answers. Close the result to undo the patches."""
    with ExitStack() as stack:
        stack.enter_context(_environment())
        _requests(stack, current)
        modules = stack.enter_context(ExitStack())
        for name in _HTTPX:
            stack.enter_context(once_imported(name, lambda module: _httpx(modules, module, current)))
        stack.enter_context(once_imported("aiohttp", lambda module: _aiohttp(modules, module, current)))
        _sockets(stack)
        return stack.pop_all()


def _environment() -> Any:
    """Patch the environment: set an API key, and remove the variables that name other servers or credentials."""
    variables = {name: value for name, value in os.environ.items() if name not in _HIDDEN_VARIABLES}
    return mock.patch.dict(os.environ, {**variables, "GOOGLE_API_KEY": API_KEY}, clear=True)


def _require_application(current: Current, client_name: str) -> WSGIApplication:
    application = current()
    if application is None:  # the block ended during the call
        raise NotIntercepted(client_name)
    return application


def _requests(stack: ExitStack, current: Current) -> None:
    import requests
    import responses
    from requests.adapters import HTTPAdapter

    def answer(request: Any) -> Any:
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        headers = [(name, str(value)) for name, value in request.headers.items()]
        try:
            answer = call_application(
                _require_application(current, "requests"), request.method, request.url, headers, body
            )
        except BrokenConnection as error:
            kind = requests.exceptions.ChunkedEncodingError if error.partial else requests.ConnectionError
            raise kind(str(error), request=request) from error
        return answer.status, answer.headers, answer.body

    # Existing patches, such as those of a test's own responses, still get the requests to other hosts.
    mocked = responses.RequestsMock(assert_all_requests_are_fired=False, real_adapter_send=HTTPAdapter.send)
    stack.enter_context(mocked)
    mocked.add_passthru(_OTHER_URL)
    for method in _METHODS:
        mocked.add_callback(method, _SERVICE_URL, callback=answer, content_type=None)


def _httpx(stack: ExitStack, module: Any, current: Current) -> None:
    """Patch the default transports of *module*. A client with another transport is not intercepted."""
    real, real_async = module.HTTPTransport.handle_request, module.AsyncHTTPTransport.handle_async_request

    def answer_request(request: Any) -> Any:
        headers = [(name.decode("ascii"), value.decode("latin-1")) for name, value in request.headers.raw]
        application = _require_application(current, module.__name__)
        try:
            answer = call_application(application, request.method, str(request.url), headers, request.content)
        except BrokenConnection as error:
            kind = module.RemoteProtocolError if error.partial else module.ReadError
            raise kind(str(error), request=request) from error
        return module.Response(answer.status, headers=answer.headers, stream=module.ByteStream(answer.body))

    def handle_request(self: Any, request: Any) -> Any:
        if not is_service_host(request.url.host):
            return real(self, request)
        request.read()
        return answer_request(request)

    async def handle_async_request(self: Any, request: Any) -> Any:
        if not is_service_host(request.url.host):
            return await real_async(self, request)
        await request.aread()
        return answer_request(request)

    stack.enter_context(mock.patch.object(module.HTTPTransport, "handle_request", handle_request))
    stack.enter_context(mock.patch.object(module.AsyncHTTPTransport, "handle_async_request", handle_async_request))


def _aiohttp(stack: ExitStack, module: Any, current: Current) -> None:
    """Patch the default connector of aiohttp. A session with another connector is not intercepted."""
    real = module.TCPConnector.connect

    async def connect(self: Any, request: Any, traces: Any, timeout: Any) -> Any:
        if not is_service_host(request.url.host):
            return await real(self, request, traces, timeout)
        # The connection bypasses the pool: a pooled connection could outlive the block.
        loop = asyncio.get_running_loop()
        protocol = module.client_proto.ResponseHandler(loop)
        wire = Wire(protocol, _require_application(current, "aiohttp"), str(request.url.origin()))
        protocol.connection_made(wire)
        return module.connector.Connection(self, request.connection_key, protocol, loop)

    stack.enter_context(mock.patch.object(module.TCPConnector, "connect", connect))


def _sockets(stack: ExitStack) -> None:
    """Raise NotIntercepted if code looks up a host name of the service in Python, or asks a proxy to connect to it."""

    def guard(function: Callable[..., Any], client_name: str, place: int) -> Callable[..., Any]:
        def refuse(*arguments: Any, **more: Any) -> Any:
            if is_service_host(more.get("host", arguments[place] if len(arguments) > place else None)):
                raise NotIntercepted(client_name)
            return function(*arguments, **more)

        return refuse

    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        stack.enter_context(mock.patch.object(socket, name, guard(getattr(socket, name), "A socket", 0)))
    tunnel = guard(http.client.HTTPConnection.set_tunnel, "A proxy's client", 1)
    stack.enter_context(mock.patch.object(http.client.HTTPConnection, "set_tunnel", tunnel))
