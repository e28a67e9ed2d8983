"""The click group for the commands."""

from __future__ import annotations

import click


class Program(click.Group):
    """A group that lists its commands in the order in which they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands in that order; click would sort them by name."""
        del ctx
        return list(self.commands)
