"""The program: a group of commands whose failures end as one sentence and a status."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import click

from .command_errors import CommandError, InvalidInput, to_command_error, translate
from .text import one_line


class Program(click.Group):
    """A group that shows no traceback for what happens outside of it."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the arguments; ``--help`` writes here already."""
        with _translate_exceptions():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with warnings.catch_warnings(), _translate_exceptions():
            warnings.showwarning = _print_warning
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which they are used, not that of the alphabet."""
        del ctx
        return list(self.commands)


@contextmanager
def _translate_exceptions() -> Iterator[None]:
    """Turn what is raised into how a click command ends."""
    try:
        yield
    except BrokenPipeError:  # who reads no more, as ``head -1`` does, has had what it wanted
        _discard_stdout()
        raise click.exceptions.Exit(0) from None
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except Exception as error:
        if isinstance(error, OSError):
            _discard_stdout()
        failure = _command_error(error)
        if failure is None:
            raise
        raise failure from None


def _command_error(error: Exception) -> CommandError | None:
    """Return the failure that *error* is, None where it is a bug."""
    from ..errors import TunedModelsError

    if isinstance(error, TunedModelsError):  # some of them are an OSError or a ValueError too
        return to_command_error(error)
    if isinstance(error, OSError):
        file = f"{error.filename}: " if error.filename else ""
        return CommandError(f"{file}{error.strerror or error}.")
    if isinstance(error, ValueError):
        return InvalidInput(translate(str(error)))
    return None


def _discard_stdout() -> None:
    """Leave nothing in stdout that Python would try to write, and complain about, when it ends."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Say a warning as one line; where in the code it came from helps nobody here."""
    del category, filename, lineno, file, line
    click.echo(f"Warning: {one_line(str(message))}", err=True)
