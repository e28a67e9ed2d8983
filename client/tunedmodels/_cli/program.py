"""Contains the group of all commands, which reports each error as one sentence and an exit status."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import click

from .._hints import for_command_line
from .command_errors import CommandError, InvalidInput
from .text import one_line


class Program(click.Group):
    """A command group that shows no traceback for errors that are not bugs of the program."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse the arguments. ``--help`` already writes its text here."""
        with _translate_exceptions():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with warnings.catch_warnings(), for_command_line(), _translate_exceptions():
            warnings.showwarning = _print_warning
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which a user needs them, not in alphabetical order."""
        del ctx
        return list(self.commands)


@contextmanager
def _translate_exceptions() -> Iterator[None]:
    """Convert each exception of the block to one with which a click command ends. Bugs stay as they are."""
    try:
        yield
    except BrokenPipeError:  # a reader such as ``head -1`` needs no more output
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
    """Return the error of the command for *error*, or None if *error* is a bug."""
    from ..errors import TunedModelsError

    if isinstance(error, TunedModelsError):  # check this first: some of them are also an OSError or a ValueError
        return CommandError(str(error))
    if isinstance(error, OSError):
        file = f"{error.filename}: " if error.filename else ""
        return CommandError(f"{file}{error.strerror or error}.")
    if isinstance(error, ValueError):
        return InvalidInput(str(error))
    return None


def _discard_stdout() -> None:
    """Flush stdout. If that fails, discard its content, so that Python does not report an error at exit."""
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
    """Print a warning as one line, without its place in the code, which does not help a user."""
    del category, filename, lineno, file, line
    click.echo(f"Warning: {one_line(str(message))}", err=True)
