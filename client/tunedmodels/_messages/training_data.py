"""Contains the messages of the training data in a create request."""

from __future__ import annotations

from dataclasses import dataclass

from .message import Message


@dataclass(frozen=True, kw_only=True)
class TuningExample(Message):
    """One example: an input, and the output that the model learns for it."""

    #: The input, or None if there is none.
    text_input: str | None = None
    #: The expected output.
    output: str = ""


@dataclass(frozen=True, kw_only=True)
class TuningExamples(Message):
    """A list of examples."""

    #: The examples, in the order in which the model learns from them.
    examples: tuple[TuningExample, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Dataset(Message):
    """The data of a tuning task."""

    #: The examples, which the request itself contains. This is the only form that the service accepts.
    examples: TuningExamples | None = None
