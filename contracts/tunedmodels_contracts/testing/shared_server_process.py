"""Runs a mock server in a keeper process, until the last connection to that process is closed."""

from __future__ import annotations

import json
import selectors
import socket
import sys
from collections.abc import Sequence

from .server_process import ServerError, run_server

_PATIENCE = 30.0  # seconds until the first connection


def main(arguments: Sequence[str]) -> int:
    """Run a server with *arguments* and return the exit status.

    Print one line of JSON: a list of the server's URL and the port to connect to, or the reason for a failed start.
    """
    try:
        with run_server(arguments) as server, socket.create_server(("127.0.0.1", 0)) as door:
            print(json.dumps([server.url, door.getsockname()[1]]), flush=True)  # noqa: T201 - the parent process reads it
            serve_until_unused(door, server.url)
    except ServerError as error:
        print(json.dumps(str(error)), flush=True)  # noqa: T201
        return 1
    return 0


def serve_until_unused(door: socket.socket, greeting: str) -> None:
    """Send *greeting* as a line to each connection to *door*. Return after the last one, or if none comes in time."""
    inside = 0
    with selectors.DefaultSelector() as selector:
        selector.register(door, selectors.EVENT_READ)
        while True:
            ready = selector.select(None if inside else _PATIENCE)
            for key, _ in ready:
                if key.fileobj is door:
                    guest, _ = door.accept()
                    guest.sendall(f"{greeting}\n".encode())
                    selector.register(guest, selectors.EVENT_READ, guest)
                    inside += 1
                elif _has_left(key.data):
                    selector.unregister(key.data)
                    key.data.close()
                    inside -= 1
            if not inside:
                return


def _has_left(guest: socket.socket) -> bool:
    try:
        return not guest.recv(1024)
    except OSError:
        return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
