"""``serve``: the command that runs a fake."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NoReturn

import click

from ..core.defaults import API_KEY
from ..environment import DEFAULT_PORT
from . import params
from .params import Seconds

if TYPE_CHECKING:  # Flask takes most of the start-up time, and --help needs none of it.
    from ..app import Settings
    from ..core.clock import Clock

BAD_USAGE = 2
PORT_TAKEN = 3

_DEFAULT = click.core.ParameterSource.DEFAULT


@click.command()
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
@click.option(
    "--auth",
    default="any",
    show_default=True,
    type=click.Choice(["any", "strict"]),
    help="Take every caller, or judge credentials as the service does.",
)
@click.option(
    "--api-key", "api_keys", multiple=True, metavar="KEY", help=f"A key that --auth strict knows besides {API_KEY}."
)
@click.option(
    "--group",
    "groups",
    multiple=True,
    type=params.group,
    metavar="GROUP=MEMBER,...",
    help="A group and its members, such as team@example.com=alice@example.com,bob@example.com.",
)
@click.option(
    "--project",
    "projects",
    multiple=True,
    metavar="ID",
    help="A quota project that --auth strict knows.  [default: it knows all]",
)
@click.option("--allow-real-credentials", is_flag=True, help="Take keys and tokens that look like Google's own.")
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
    auth: Literal["any", "strict"],
    api_keys: tuple[str, ...],
    groups: tuple[tuple[str, frozenset[str]], ...],
    projects: tuple[str, ...],
    allow_real_credentials: bool,
    with_parent: bool,
    log_level: str,
) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Prints one line, READY url=... pid=... version=..., when it answers. Ends with status 0 when told to stop, 2
    for bad usage, 3 when the port is taken.
    """
    from ..app import Settings
    from ..core.worlds import Pace

    logging.basicConfig(level=log_level.upper(), stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    # waitress reports on its queue, which is no matter of the user's.
    logging.getLogger("waitress").setLevel(logging.ERROR)
    if step_time is not None and click.get_current_context().get_parameter_source("tuning_time") is not _DEFAULT:
        raise click.UsageError("--step-time and --tuning-time say two things about the same; give one of them.")
    pace = Pace(tuning_time, step_time, queue_time)
    settings = Settings(
        seed=seed,
        pace=pace,
        strict=strict,
        auth=auth,
        api_keys={API_KEY, *api_keys},
        groups={group: frozenset().union(*(more for name, more in groups if name == group)) for group, _ in groups},
        projects=projects,
        allow_real_credentials=allow_real_credentials,
    )
    try:
        settings.policy()
    except ValueError as error:
        raise click.UsageError(f"{error}.") from None
    _run(settings, _clock(clock), host, port, port_file, with_parent=with_parent)


def _run(
    settings: Settings,
    clock: Callable[[], Clock],
    host: str,
    port: int,
    port_file: Path | None,
    *,
    with_parent: bool,
) -> None:
    from ..app import create_app
    from ..server import PortTaken, Server, write_port_file

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
            # Who reads no more may still want the server; Python would complain of the rest of the buffer in the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError as error:
            _fail(f"Cannot write the line READY to stdout: {error.strerror or error}.", BAD_USAGE)

    server.run(when_ready, with_parent=with_parent)
    if port_file:
        with suppress(OSError):  # a port that answers no more misleads who reads it, but is no reason to fail
            port_file.unlink()


def _clock(kind: str) -> Callable[[], Clock]:
    from ..core.clock import ManualClock, PollingClock, SystemClock

    clocks: dict[str, Callable[[], Clock]] = {
        "real": SystemClock,
        "manual": ManualClock,
        "polling": PollingClock,
    }
    return clocks[kind]


def _fail(sentence: str, status: int) -> NoReturn:
    click.echo(sentence, err=True)
    sys.exit(status)
