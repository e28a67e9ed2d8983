"""Defines the command ``exec``, which runs a command with a mock server of its own."""

from __future__ import annotations

import sys
from typing import Any

import click

from .configuration import ConfigurableCommand
from .serve import SECTIONS, serve

_EXCLUDED_OPTIONS = ("config", "port", "port_file", "with_parent")
_PORT = click.Option(
    ["--port"],
    default=0,
    type=click.IntRange(0, 65535),
    allow_from_autoenv=False,
    show_default="a free one",
    help="The port of the mock server; no variable and no file sets it.",
)


class _Exec(ConfigurableCommand):
    """A command that takes the options of ``serve``, followed by a command line."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse *args*, and keep the options of the server as the user gave them."""
        all_args = list(args)
        rest = super().parse_args(ctx, args)
        server_args = all_args[: len(all_args) - len(ctx.params["command"])]
        ctx.params["server"] = server_args[:-1] if server_args and server_args[-1] == "--" else server_args
        return rest


def _execute(command: tuple[str, ...], server: list[str], **_options: Any) -> None:
    """Run CMD with a mock server of its own, and exit with the status of CMD.

    The server listens on a free port, and the variables that ``env`` prints point CMD at it. exec forwards signals to
    CMD, and ends what CMD leaves running in its process group. Options before ``--`` are those of ``serve``.
    """
    from ..process.exec import run

    sys.exit(run(command, server))


execute = _Exec(
    "exec",
    callback=_execute,
    help=_execute.__doc__,
    sections=SECTIONS,
    params=[
        _PORT,
        *(option for option in serve.params if option.name not in _EXCLUDED_OPTIONS),
        click.Argument(["command"], nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- CMD..."),
    ],
    context_settings={"allow_interspersed_args": False},
)
