"""Runs a server from start to end for ``serve``, with its port file, its export and its exit statuses."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from .. import interrupts

if TYPE_CHECKING:  # Importing Flask takes most of the start-up time, and --help does not need it.
    from flask import Flask

    from ..core.state.worlds import Worlds
    from ..process.server import Server
    from ..settings import Settings

BAD_USAGE = 2
PORT_IN_USE = 3
BAD_STATE = 4


def run(
    settings: Settings,
    host: str,
    port: int,
    port_file: Path | None,
    export: Path | None,
    *,
    with_parent: bool,
) -> None:
    """Serve with these *settings* until the server is stopped. On an error, print a sentence and exit with a status.

    Write *port_file* when the server is ready, and remove it at the end. Write *export* at the end.
    """
    app, server = _create_server(settings, host, port, export)
    from ..files import atomic

    def when_ready() -> None:
        gc.freeze()  # the objects of the start stay, so no collection has to look at them
        gc.enable()
        if port_file:
            try:
                atomic.write(port_file, f"{server.port}\n".encode())
            except OSError as error:
                _fail(f"Cannot write the port file {port_file}: {error.strerror or error}.", BAD_USAGE)
        try:
            click.echo(server.ready_line())
        except BrokenPipeError:
            # The reader of stdout has gone but may still need the server. Python would fail to flush the rest at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError as error:
            _fail(f"Cannot write the line READY to stdout: {error.strerror or error}.", BAD_USAGE)

    interrupts.call_on_signal(server.stop)
    server.run(when_ready, with_parent=with_parent)
    worlds = app.extensions["tunedmodels"]
    if export:
        _export(worlds, export)
    worlds.close()
    if port_file:
        with suppress(OSError):  # a leftover port file misleads its reader, but it is no reason to fail
            atomic.destination(port_file).unlink()


def _create_server(settings: Settings, host: str, port: int, export: Path | None) -> tuple[Flask, Server]:
    """Return the application and a server for it that listens. On an error, print a sentence and exit with a status."""
    from ..app import create_app
    from ..core.strict_input import BadInput
    from ..files.state import check_writable
    from ..process.server import PortInUse, Server
    from ..stores.errors import StartupError

    if not host:
        _fail("--host is empty. Leave it out to listen on 127.0.0.1, or name an address.", BAD_USAGE)
    try:
        if export:
            check_writable(export)
        app = create_app(settings)
        server = Server(app, host, port)
    except StartupError as error:
        _fail(str(error), BAD_STATE)
    except BadInput as error:
        _fail(str(error), BAD_USAGE)
    except PortInUse as error:
        _fail(str(error), PORT_IN_USE)
    except OSError as error:
        _fail(
            f"Cannot listen on {host}, port {port}: {error.strerror or error}. Give another --host or --port.",
            BAD_USAGE,
        )
    return app, server


def _export(worlds: Worlds, path: Path) -> None:
    """Write the state of all *worlds* to the file at *path*. If that fails, print a sentence and exit."""
    from ..core.state.store import StoreUnavailable
    from ..files.state import write
    from ..stores.errors import BadState

    try:
        write(path, {world.name: world.store.state().snapshot(world.machine()) for world in worlds.all()})
    except (BadState, StoreUnavailable) as error:
        _fail(str(error), BAD_STATE)


def _fail(sentence: str, status: int) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(status)
