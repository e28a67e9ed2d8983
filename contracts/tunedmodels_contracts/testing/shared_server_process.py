"""Runs a mock server in a keeper process, until the last connection to that process is closed."""

from __future__ import annotations

import json
import selectors
import socket
import sys
from collections.abc import Sequence

from .server_process import ServerError, run_server

_TIMEOUT = 30.0  # seconds until the first connection


def main(arguments: Sequence[str]) -> int:
    """Run a server with *arguments* and return the exit status.

    Print one line of JSON: a list of the server's URL and the port to connect to, or the reason for a failed start.
    """
    try:
        with run_server(arguments) as server, socket.create_server(("127.0.0.1", 0)) as listener:
            print(json.dumps([server.url, listener.getsockname()[1]]), flush=True)  # noqa: T201 - the parent process reads it
            serve_until_unused(listener, server.url)
    except ServerError as error:
        print(json.dumps(str(error)), flush=True)  # noqa: T201
        return 1
    return 0


def serve_until_unused(listener: socket.socket, greeting: str) -> None:
    """Send *greeting* as a line to each connection to *listener*. Return after the last one, or if none comes."""
    connections = 0
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        while True:
            ready = selector.select(None if connections else _TIMEOUT)
            for key, _ in ready:
                if key.fileobj is listener:
                    connection, _ = listener.accept()
                    connection.sendall(f"{greeting}\n".encode())
                    selector.register(connection, selectors.EVENT_READ, connection)
                    connections += 1
                elif _is_closed(key.data):
                    selector.unregister(key.data)
                    key.data.close()
                    connections -= 1
            if not connections:
                return


def _is_closed(connection: socket.socket) -> bool:
    try:
        return not connection.recv(1024)
    except OSError:
        return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
