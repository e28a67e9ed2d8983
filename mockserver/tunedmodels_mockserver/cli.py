"""The command ``tunedmodels-mockserver``."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:  # Flask takes most of the start-up time, and --help needs none of it.
    from .app import Settings
    from .core.clock import Clock

DEFAULT_PORT = 9480
PORT_TAKEN = 3


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tunedmodels")
def main() -> None:
    """A mock server of the Gemini API's model tuning."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    default=DEFAULT_PORT,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="0 chooses a free one.",
)
@click.option(
    "--port-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the port into this file once the server answers.",
)
@click.option("--seed", type=int, help="Repeat ids and losses from run to run.  [default: they differ]")
@click.option(
    "--tuning-time",
    default=20.0,
    show_default=True,
    type=click.FloatRange(0, 1e7),
    metavar="SECONDS",
    help="How long a tuning run takes, whatever its size.",
)
@click.option(
    "--step-time",
    type=click.FloatRange(0, 1e5),
    metavar="SECONDS",
    help="How long each step takes, instead of --tuning-time.",
)
@click.option(
    "--queue-time",
    default=0.3,
    show_default=True,
    type=click.FloatRange(0, 1e7),
    metavar="SECONDS",
    help="How long a run waits before it starts.",
)
@click.option(
    "--clock",
    default="real",
    show_default=True,
    type=click.Choice(["real", "manual", "polling"]),
    help="What moves time: the machine, nothing, or each poll of a run by a tenth of it.",
)
@click.option("--strict", is_flag=True, help="Switch the compatibility allowances off.")
@click.option(
    "--log-level",
    default="warning",
    show_default=True,
    type=click.Choice(["debug", "info", "warning", "error"]),
    help="What goes to stderr; info shows every request.",
)
def serve(
    host: str,
    port: int,
    port_file: Path | None,
    seed: int | None,
    tuning_time: float,
    step_time: float | None,
    queue_time: float,
    clock: str,
    strict: bool,
    log_level: str,
) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Prints one line, READY url=... pid=... version=..., when it answers. Ends with status 0 when told to stop, 2
    for bad usage, 3 when the port is taken.
    """
    from .app import Settings
    from .core.worlds import Pace

    logging.basicConfig(level=log_level.upper(), stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    # waitress reports on its queue, which is no matter of the user's.
    logging.getLogger("waitress").setLevel(logging.ERROR)
    try:
        pace = Pace(tuning_time, step_time, queue_time)
    except ValueError as error:
        _fail(f"{error}.", 2)
    _run(Settings(seed=seed, pace=pace, strict=strict), _clock(clock), host, port, port_file)


@main.command()
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="The port to use.  [default: a free one]")
def demo(port: int) -> None:
    """Run the tuning tutorial against a fake of its own, in under 30 seconds."""
    from .demo import run

    sys.exit(run(port))


def _run(settings: Settings, clock: Callable[[], Clock], host: str, port: int, port_file: Path | None) -> None:
    from .app import create_app
    from .server import PortTaken, Server, write_port_file

    if not host:
        _fail("--host is empty. Leave it out to listen on 127.0.0.1, or name an address.", 2)
    try:
        server = Server(create_app(settings, clock), host, port)
    except PortTaken as error:
        _fail(str(error), PORT_TAKEN)
    except OSError as error:
        _fail(
            f"Cannot listen on {host}, port {port}: {error.strerror or error}. Give another --host or --port.",
            2,
        )

    def when_ready() -> None:
        if port_file:
            try:
                write_port_file(port_file, server.port)
            except OSError as error:
                _fail(f"Cannot write the port file {port_file}: {error.strerror or error}.", 2)
        with suppress(BrokenPipeError):  # who reads no more may still want the server
            click.echo(server.ready_line())

    server.run(when_ready)


def _clock(kind: str) -> Callable[[], Clock]:
    from .core.clock import ManualClock, PollingClock, SystemClock

    clocks: dict[str, Callable[[], Clock]] = {
        "real": SystemClock,
        "manual": ManualClock,
        "polling": PollingClock,
    }
    return clocks[kind]


def _fail(sentence: str, status: int) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
