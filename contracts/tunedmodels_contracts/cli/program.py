"""The program: a group of commands that end without a traceback for what happens outside of them."""

from __future__ import annotations

import click


class Program(click.Group):
    """A group whose commands stand in the order in which they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which they were added, not that of the alphabet."""
        del ctx
        return list(self.commands)
