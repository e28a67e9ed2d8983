"""Defines the command ``serve``, which runs a mock server."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from ..core.defaults import API_KEY
from ..environment import DEFAULT_PORT
from . import params, service
from .configuration import ConfigurableCommand
from .params import Seconds

if TYPE_CHECKING:  # Importing Flask takes most of the start-up time, and --help does not need it.
    from ..core.faults.fault import Fault

# The strongest source first. The strongest setting of a run's duration counts.
_SOURCES = [
    click.core.ParameterSource.COMMANDLINE,
    click.core.ParameterSource.ENVIRONMENT,
    click.core.ParameterSource.DEFAULT_MAP,
    click.core.ParameterSource.DEFAULT,
]


SECTIONS = {
    "Address": ("host", "port", "port_file"),
    "Tuning runs": ("clock", "tuning_time", "step_time", "queue_time"),
    "Answers": ("seed", "strict", "canned", "fault_file", "presets"),
    "Callers": ("auth", "api_keys", "groups", "projects", "allow_real_credentials"),
    "State": ("store", "preload", "resume", "export_on_exit"),
}
"""The headings under which ``--help`` shows the options, each with the names of their parameters."""


@click.command(cls=ConfigurableCommand, sections=SECTIONS)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    default=DEFAULT_PORT,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="The port to listen on; 0 chooses a free one.",
)
@click.option(
    "--port-file",
    type=params.OutputFile(),
    metavar="FILE",
    help="Write the port into this file once the server answers.",
)
@click.option("--seed", type=int, show_default="random", help="Repeat ids and losses from run to run.")
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
    help="How long each step takes. Use it instead of --tuning-time.",
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
    help="What moves the clock: the machine's time, only the admin surface, or each poll of a run by a tenth of it.",
)
@click.option(
    "--canned",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A file or folder of rules for canned answers, for every world; read again when it changes.",
)
@click.option(
    "--faults",
    "fault_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A YAML file of faults with which every world begins.",
)
@click.option(
    "--preset",
    "presets",
    multiple=True,
    type=params.preset,
    metavar="NAME",
    help="A set of faults with a name, such as flaky or quota, with which every world begins.",
)
@click.option(
    "--base-model",
    "base_model",
    multiple=True,
    metavar="NAME[=METHODS]",
    help="Add a base model. By default it generates, counts tokens and can be tuned; METHODS, with commas between "
    "them, are as models.list shows them.",
)
@click.option("--strict", is_flag=True, help="Switch the compatibility allowances off.")
@click.option(
    "--auth",
    default="any",
    show_default=True,
    type=click.Choice(["any", "strict"]),
    help="Accept every caller, or check credentials as the service does.",
)
@click.option(
    "--api-key", "api_keys", multiple=True, metavar="KEY", help=f"A key that --auth strict accepts besides {API_KEY}."
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
    show_default="it accepts all",
    help="A quota project that --auth strict accepts.",
)
@click.option("--allow-real-credentials", is_flag=True, help="Accept keys and tokens that look like Google's own.")
@click.option(
    "--store",
    default="memory",
    show_default=True,
    metavar="URL",
    help="Where to store worlds: memory, sqlite:///FILE or postgresql://HOST/NAME.",
)
@click.option(
    "--preload",
    type=click.Path(exists=True, path_type=Path),
    help="A file or folder of states and models with which new worlds begin.",
)
@click.option("--resume", is_flag=True, help="Continue preloaded runs as if no time had passed since the export.")
@click.option(
    "--export-on-exit",
    type=params.OutputFile(),
    metavar="FILE",
    help="Write the state of all worlds into this file at exit.",
)
@click.option("--with-parent", is_flag=True, help="Stop when the process that started the server ends.")
@click.option(
    "--log-level",
    default="warning",
    show_default=True,
    type=click.Choice(["debug", "info", "warning", "error"], case_sensitive=False),
    help="What to log on stderr; info logs every request.",
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
    canned: tuple[Path, ...],
    fault_file: Path | None,
    presets: tuple[str, ...],
    base_model: tuple[str, ...],
    strict: bool,
    auth: Literal["any", "strict"],
    api_keys: tuple[str, ...],
    groups: tuple[tuple[str, frozenset[str]], ...],
    projects: tuple[str, ...],
    allow_real_credentials: bool,
    store: str,
    preload: Path | None,
    resume: bool,
    export_on_exit: Path | None,
    with_parent: bool,
    log_level: str,
) -> None:
    """Serve until SIGTERM, Ctrl-C or SIGHUP.

    Prints one line, READY url=... pid=... version=..., when the server is ready. After that, Ctrl-C and SIGTERM end it
    with status 0; before that, with 130 and 143. The status is 2 for bad usage, 3 if the port is in use, and 4 if a
    store or a state cannot be used.
    """
    from ..core.clock import Clock, Mode
    from ..core.runs.durations import Pace
    from ..settings import Settings

    logging.basicConfig(level=log_level.upper(), stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    pace = Pace(tuning_time, _step_time(step_time), queue_time)
    settings = Settings(
        seed=seed,
        pace=pace,
        clock=Clock(Mode(clock)),
        strict=strict,
        auth=auth,
        api_keys={API_KEY, *api_keys},
        groups={group: frozenset().union(*(more for name, more in groups if name == group)) for group, _ in groups},
        projects=projects,
        allow_real_credentials=allow_real_credentials,
        canned_files=canned,
        faults=_read_faults(fault_file, presets),
        base_models=base_model,
        store=store,
        preload=preload,
        resume=resume,
    )
    try:
        settings.policy()
    except ValueError as error:
        raise click.UsageError(f"{error}.") from None
    if resume and preload is None:
        raise click.UsageError("--resume continues the runs of a preload; give --preload, too.")
    service.run(settings, host, port, port_file, export_on_exit, with_parent=with_parent)


def _step_time(step_time: float | None) -> float | None:
    """Return *step_time*, or None if a stronger source sets ``--tuning-time``. Raise UsageError for a tie."""
    source = click.get_current_context().get_parameter_source
    step_rank, whole_rank = (_SOURCES.index(source(name) or _SOURCES[-1]) for name in ("step_time", "tuning_time"))
    if step_time is not None and step_rank == whole_rank:
        raise click.UsageError("--step-time and --tuning-time contradict each other; give one of them.")
    return step_time if step_rank < whole_rank else None


def _read_faults(path: Path | None, names: tuple[str, ...]) -> tuple[Fault, ...]:
    """Return the faults of the file at *path* and of the presets *names*."""
    from ..core.faults.armed_faults import arm
    from ..core.faults.presets import preset
    from ..core.strict_input import BadInput
    from ..files.faults import read

    try:
        faults = [*(read(path) if path else ()), *(fault for name in names for fault in preset(name))]
        arm((), faults, 0, 0)  # raises for duplicate ids
    except BadInput as error:
        raise click.UsageError(str(error)) from None
    return tuple(faults)
