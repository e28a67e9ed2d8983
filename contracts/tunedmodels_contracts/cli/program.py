"""The click group for the commands. It turns errors from outside the program into messages without a traceback."""

from __future__ import annotations

import click


class Program(click.Group):
    """A group that lists its commands in the order of their use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which they were added, not in alphabetical order."""
        del ctx
        return list(self.commands)
