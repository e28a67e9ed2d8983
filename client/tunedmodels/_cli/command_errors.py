"""Defines the errors of the command, each with one sentence for stderr and an exit status."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from .. import _interrupts
from .text import one_line


class CommandError(click.ClickException):
    """The error if the service refuses, does not answer, or gives no success. The exit status is 1."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


class InvalidInput(CommandError):
    """The error for input that is invalid, whatever the service says. The exit status is 2."""

    exit_code = 2


@contextmanager
def explain_interrupt(sentence: str) -> Iterator[None]:
    """Print *sentence* to stderr if Ctrl-C or SIGTERM ends the command inside the block."""
    with _interrupts.as_keyboard_interrupt():
        try:
            yield
        except KeyboardInterrupt:
            click.echo(sentence, err=True)
            raise
