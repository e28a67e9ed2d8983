"""Defines the command ``tunedmodels-mockserver``, with its subcommands."""

from __future__ import annotations

from importlib import import_module

import click

_COMMANDS = {
    "canned": "canned",
    "clock": "clock",
    "credentials": "credentials",
    "demo": "demo",
    "env": "env",
    "exec": "execute",
    "faults": "faults",
    "healthcheck": "probes",
    "journal": "journal",
    "reset": "state",
    "serve": "serve",
    "state": "state",
    "verdict": "verdict",
    "wait": "probes",
}
"""The modules of the commands. A command imports only its own, so that a server starts fast."""


class _LateCommands(click.Group):
    """A group that imports a command when somebody names it. ``--help`` and a wrong name import all of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click passes it
        """Return the names of all commands."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command called *cmd_name*, or None if there is none."""
        for name in [cmd_name] if cmd_name in _COMMANDS else _COMMANDS:
            if name not in self.commands:
                module = import_module(f".{_COMMANDS[name]}", __name__)
                self.add_command(getattr(module, "execute" if name == "exec" else name))
        return super().get_command(ctx, cmd_name)


@click.group(cls=_LateCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tunedmodels")
def main() -> None:
    """Run and control a mock server for model tuning in the Gemini API.

    Ctrl-C ends a command with status 130, and SIGTERM with 143. serve ends with 0 once it is ready. exec forwards both
    signals to the command that it runs.
    """
