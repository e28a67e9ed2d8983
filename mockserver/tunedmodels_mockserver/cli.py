"""The command ``tunedmodels-mockserver``."""

from __future__ import annotations

import logging
import math
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:  # Flask takes most of the start-up time, and --help needs none of it.
    from .app import Settings
    from .core.clock import Clock

DEFAULT_PORT = 9480
BAD_USAGE = 2
PORT_TAKEN = 3


_DEFAULT = click.core.ParameterSource.DEFAULT


class Seconds(click.FloatRange):
    """A span of time: a number in a range, and never NaN, which every comparison lets pass."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return *value* as a float of the range."""
        result = super().convert(value, param, ctx)
        if math.isnan(result):
            self.fail(f"{value!r} is not a span of time.", param, ctx)
        return result


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
    type=Seconds(0, 1e7),
    metavar="SECONDS",
    help="How long a tuning run takes, whatever its size.",
)
@click.option(
    "--step-time",
    type=Seconds(0, 1e5),
    metavar="SECONDS",
    help="How long each step takes, instead of --tuning-time.",
)
@click.option(
    "--queue-time",
    default=0.3,
    show_default=True,
    type=Seconds(0, 1e7),
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
@click.option("--with-parent", is_flag=True, help="Stop, too, when the process that started the server ends.")
@click.option(
    "--log-level",
    default="warning",
    show_default=True,
    type=click.Choice(["debug", "info", "warning", "error"], case_sensitive=False),
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
    with_parent: bool,
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
    if step_time is not None and click.get_current_context().get_parameter_source("tuning_time") is not _DEFAULT:
        raise click.UsageError("--step-time and --tuning-time say two things about the same; give one of them.")
    pace = Pace(tuning_time, step_time, queue_time)
    settings = Settings(seed=seed, pace=pace, strict=strict)
    _run(settings, _clock(clock), host, port, port_file, with_parent=with_parent)


@main.command()
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="The port to use.  [default: a free one]")
def demo(port: int) -> None:
    """Run the tuning tutorial against a fake of its own, in under 30 seconds."""
    from .demo import run

    sys.exit(run(port))


def _run(
    settings: Settings,
    clock: Callable[[], Clock],
    host: str,
    port: int,
    port_file: Path | None,
    *,
    with_parent: bool,
) -> None:
    from .app import create_app
    from .server import PortTaken, Server, write_port_file

    if not host:
        _fail("--host is empty. Leave it out to listen on 127.0.0.1, or name an address.", BAD_USAGE)
    if port_file and not port_file.name:
        _fail("--port-file is empty. Leave it out, or name a file.", BAD_USAGE)
    try:
        server = Server(create_app(settings, clock), host, port)
    except PortTaken as error:
        _fail(str(error), PORT_TAKEN)
    except OSError as error:
        _fail(
            f"Cannot listen on {host}, port {port}: {error.strerror or error}. Give another --host or --port.",
            BAD_USAGE,
        )

    def when_ready() -> None:
        if port_file:
            try:
                write_port_file(port_file, server.port)
            except OSError as error:
                _fail(f"Cannot write the port file {port_file}: {error.strerror or error}.", BAD_USAGE)
        try:
            click.echo(server.ready_line())
        except BrokenPipeError:
            pass  # who reads no more may still want the server
        except OSError as error:
            _fail(f"Cannot write the line READY to stdout: {error.strerror or error}.", BAD_USAGE)

    server.run(when_ready, with_parent=with_parent)
    if port_file:
        with suppress(OSError):  # a port that answers no more misleads who reads it, but is no reason to fail
            port_file.unlink()


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
