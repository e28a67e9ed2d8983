"""Runs a stand-in for the real service: the mock server over HTTPS on this machine, with strict credentials."""

from __future__ import annotations

import io
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from tunedmodels_contracts.targets.live.loopback import VARIABLE
from tunedmodels_mockserver import Settings, create_app
from tunedmodels_mockserver.core.runs.durations import Pace
from tunedmodels_mockserver.files.service_account_keys import service_account
from tunedmodels_mockserver.process.server import Server
from tunedmodels_mockserver.testing import access_token

from ..servers import HOST, write_certificate


@dataclass(frozen=True)
class StandIn:
    """A stand-in at *url*. *environment* has the variables that select it; *second_token* is of a second user."""

    url: str
    environment: dict[str, str]
    second_token: str
    app: Any


@contextmanager
def run_stand_in(folder: Path) -> Iterator[StandIn]:
    """Run a stand-in during the block. Its certificate and a service account file are in *folder*."""
    app = create_app(Settings(seed=1, strict=True, auth="strict", pace=Pace(0.3, None, 0.05)))
    write_certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "ca.key")
    server = make_server(HOST, 0, _read_first(app), _Threads, _Quiet)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    tokens = Server(app, HOST, 0)
    threads = [threading.Thread(target=serve) for serve in (server.serve_forever, tokens.serve)]
    for thread in threads:
        thread.start()
    key_file = folder / "service-account.json"
    key_file.write_text(json.dumps(service_account("robot@example.com", f"{tokens.url}/token")), encoding="utf-8")
    url = f"https://{HOST}:{server.server_port}"
    environment = {
        VARIABLE: url,
        "REQUESTS_CA_BUNDLE": str(folder / "ca.pem"),
        "GOOGLE_APPLICATION_CREDENTIALS": str(key_file),
        "NO_GCE_CHECK": "true",
    }
    try:
        yield StandIn(url, environment, access_token("bob@example.com"), app)
    finally:
        server.shutdown()
        server.server_close()
        tokens.stop()
        for thread in threads:
            thread.join(10)


class _Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log nothing: a process that is killed closes its connections."""


class _Quiet(WSGIRequestHandler):
    timeout = 20  # seconds for a handshake

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class calls it so
        """Log nothing."""


def _read_first(app: Any) -> Any:
    """Return *app* with a wrapper that reads each body, because an unread body breaks the connection at its end."""

    def call(environ: dict[str, Any], start_response: Any) -> Any:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(length))
        return app(environ, start_response)

    return call
