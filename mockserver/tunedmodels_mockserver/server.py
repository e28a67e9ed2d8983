"""The server: the fake behind waitress, from its first line to a clean end."""

from __future__ import annotations

import errno
import os
import signal
import socket
import tempfile
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import Any

import waitress.server
from flask import Flask

from .web.answers import SERVER

THREADS = 16
CONNECTIONS = 1000
# Above the application's own limit, so that a body that is too large gets the service's refusal.
MAX_BODY = 64 * 1024 * 1024


class PortTaken(Exception):
    """Somebody else listens there; the message says what to do."""


class Server:
    """A server that listens from its making and answers while ``run`` runs.

    Raises PortTaken where the port is in use, OSError where the address cannot be listened on.
    """

    def __init__(self, app: Flask, host: str, port: int) -> None:
        self._socket = _listen(host, port)
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self._server = waitress.server.create_server(
            _without_server_header(app),
            sockets=[self._socket],
            threads=THREADS,
            connection_limit=CONNECTIONS,
            ident=SERVER,
            max_request_body_size=MAX_BODY,
            # Each chunk of a stream leaves at once; by default waitress gathers 18,000 bytes first.
            send_bytes=1,
        )

    @property
    def url(self) -> str:
        """The base URL for clients on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def ready_line(self) -> str:
        """The one line that says the server answers."""
        return f"READY url={self.url} pid={os.getpid()} version={version('tunedmodels')}"

    def run(self, when_ready: Callable[[], None]) -> None:
        """Serve until SIGTERM or Ctrl-C. *when_ready* is called first: whoever connects from then on is answered."""

        def stop(_number: int, _frame: FrameType | None) -> None:
            raise SystemExit(0)

        before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            when_ready()
            self._server.run()
        except SystemExit:
            pass  # the signal came before the loop began, which takes it otherwise
        finally:
            self._server.close()
            for number, handler in before.items():
                signal.signal(number, handler)


def write_port_file(path: Path, port: int) -> None:
    """Write *port* into the file *path* at once and whole, so that a reader never sees half of it."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{port}\n")
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        text = f"Port {port} on {host} is taken. Choose another with --port, or let one be chosen: --port 0."
        raise PortTaken(text) from None


def _without_server_header(app: Flask) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    """Return *app* without its Server header: waitress writes one, and beside an application's own a Via."""

    def call(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, [pair for pair in headers if pair[0] != "Server"], *rest)

        return app(environ, start)

    return call
