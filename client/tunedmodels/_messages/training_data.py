"""Training data: what the service is sent to learn from."""

from __future__ import annotations

from dataclasses import dataclass

from .message import Message


@dataclass(frozen=True, kw_only=True)
class TuningExample(Message):
    """One example: an input, and the output that the model is to learn for it."""

    #: The input, None where there is none.
    text_input: str | None = None
    #: The output wanted.
    output: str = ""


@dataclass(frozen=True, kw_only=True)
class TuningExamples(Message):
    """A list of examples."""

    #: The examples, in the order in which they are learnt from.
    examples: tuple[TuningExample, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Dataset(Message):
    """The data of a tuning task."""

    #: The examples in the request itself, the one form that the service takes.
    examples: TuningExamples | None = None
