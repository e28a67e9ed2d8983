"""Converts errors of the client to errors of the command, each with one sentence for stderr and an exit status."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from .. import _interrupts
from .text import one_line

if TYPE_CHECKING:
    from ..errors import TunedModelsError

# The client's hints use the names of the Python API. Each pair is such a phrase and its phrase for the command line.
# Longer phrases come first.
_WORDS = (
    ("client.operations.list(name) finds it, and result() waits", "`tunedmodels watch NAME` waits"),
    ("client.tuned_models.permissions(name).create()", "`tunedmodels permissions create`"),
    ("client.models.tunable()", "`tunedmodels models --tunable`"),
    ("client.models.list()", "`tunedmodels models`"),
    ("client.tuned_models.get()", "`tunedmodels show`"),
    ("client.operations.list()", "`tunedmodels operations list`"),
    (", or give credentials=", ""),
    ("api_key= or credentials=", "--api-key"),
    ("credentials= or api_key=", "--api-key"),
    ("no api_key,", "no --api-key,"),
    ("api_key=", "--api-key"),
    ("base_url: ", "--base-url: "),
    ("quota_project=", "--quota-project"),
    ("with input_key", "with --input-key"),
    ("with output_key", "with --output-key"),
    ("client.operations.get() finds it", "`tunedmodels watch` waits for it again"),
)


class CommandError(click.ClickException):
    """The error if the service refuses, does not answer, or gives no success. The exit status is 1."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


class InvalidInput(CommandError):
    """The error for input that is invalid, whatever the service says. The exit status is 2."""

    exit_code = 2


def to_command_error(error: TunedModelsError) -> CommandError:
    """Return the error of the command for *error*, an error of the client."""
    from ..errors import CredentialsError, OperationTimeout, TrainingDataError

    text = str(error)
    # The messages of these errors come from the client alone, so the whole message is translated.
    if isinstance(error, (CredentialsError, OperationTimeout, TrainingDataError)):
        return CommandError(translate(text))
    advice = getattr(error, "advice", "")
    if advice:  # the message of the service stays unchanged
        text = text.removesuffix(f"({advice})") + f"({translate(advice)})"
    return CommandError(text)


def translate(advice: str) -> str:
    """Return *advice*, or another sentence of the client, with the words of the command line."""
    for python, here in _WORDS:
        advice = advice.replace(python, here)
    return advice


@contextmanager
def explain_interrupt(sentence: str) -> Iterator[None]:
    """Print *sentence* to stderr if Ctrl-C or SIGTERM ends the command inside the block."""
    with _interrupts.as_keyboard_interrupt():
        try:
            yield
        except KeyboardInterrupt:
            click.echo(sentence, err=True)
            raise
