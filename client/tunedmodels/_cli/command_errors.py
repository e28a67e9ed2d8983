"""Failures: what went wrong, as one sentence on stderr and a status."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from .. import _interrupts
from .text import one_line

if TYPE_CHECKING:
    from ..errors import TunedModelsError

# The client gives its advice in the words of Python; here they are other words. Longer ones come first.
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
    """The service refused or did not answer, or what came of it is no success. It ends the command with 1."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


class InvalidInput(CommandError):
    """What was given cannot be right, whatever the service says. It ends the command with 2."""

    exit_code = 2


def to_command_error(error: TunedModelsError) -> CommandError:
    """Return the failure that *error* of the client is."""
    from ..errors import CredentialsError, OperationTimeout, TrainingDataError

    text = str(error)
    # No word of these comes from the service.
    if isinstance(error, (CredentialsError, OperationTimeout, TrainingDataError)):
        return CommandError(translate(text))
    advice = getattr(error, "advice", "")
    if advice:  # what the service itself says is left alone
        text = text.removesuffix(f"({advice})") + f"({translate(advice)})"
    return CommandError(text)


def translate(advice: str) -> str:
    """Return *advice*, or another sentence, of the client in the words of the command."""
    for python, here in _WORDS:
        advice = advice.replace(python, here)
    return advice


@contextmanager
def explain_interrupt(sentence: str) -> Iterator[None]:
    """Say *sentence* on stderr if Ctrl-C or SIGTERM ends the command inside the block."""
    with _interrupts.as_keyboard_interrupt():
        try:
            yield
        except KeyboardInterrupt:
            click.echo(sentence, err=True)
            raise
