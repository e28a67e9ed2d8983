"""Contains the command ``generate``, which sends a prompt to a model."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from . import json_output
from .command_errors import CommandError
from .connection import Connection, connection_options
from .text import escape, is_terminal

if TYPE_CHECKING:
    from .._client import Client
    from .._messages.content import GenerationConfig
    from .._messages.generation import GenerateContentResponse

_UNSPECIFIED = "_UNSPECIFIED"


@click.command()
@click.argument("name")
@click.argument("text")
@click.option("--stream", is_flag=True, help="Print each part of the answer when it arrives.")
@click.option("--temperature", type=float, help="The randomness of the answer, from 0.")
@click.option("--max-output-tokens", type=int, help="The maximum number of tokens in the answer.")
@connection_options
def generate(
    connection: Connection,
    as_json: bool,
    name: str,
    text: str,
    stream: bool,
    temperature: float | None,
    max_output_tokens: int | None,
) -> None:
    """Ask the tuned model NAME to answer TEXT.

    If TEXT is -, read it from stdin. With --stream --json, every line of stdout is a JSON object, one for each part.
    If the answer has no text, print why and exit with 1.
    """
    from .._messages.content import GenerationConfig

    prompt = _read_stdin() if text == "-" else text
    has_config = temperature is not None or max_output_tokens is not None
    config = GenerationConfig(temperature=temperature, max_output_tokens=max_output_tokens) if has_config else None
    with connection.client() as client:
        # A single answer is read completely before it is written. A stream is written as it arrives.
        answers = _answers(client, name, prompt, config, stream=stream)
        responses = list(_write_json(answers, stream=stream) if as_json else _print_texts(answers))
    if not any(answer.text for answer in responses):
        raise CommandError(_missing_text_reason(responses))


def _answers(
    client: Client, name: str, text: str, config: GenerationConfig | None, *, stream: bool
) -> Iterator[GenerateContentResponse]:
    if stream:
        yield from client.tuned_models.stream_generate_content(name, text, generation_config=config)
    else:
        yield client.tuned_models.generate_content(name, text, generation_config=config)


def _write_json(answers: Iterable[GenerateContentResponse], *, stream: bool) -> Iterator[GenerateContentResponse]:
    write = json_output.write_line if stream else json_output.write
    for answer in answers:
        write(answer.to_json())
        yield answer


def _print_texts(answers: Iterable[GenerateContentResponse]) -> Iterator[GenerateContentResponse]:
    """Print the text of each answer at once, and yield the answer. End the last line even if the stream fails."""
    last = ""
    try:
        for answer in answers:
            text = answer.text
            if text:
                # A file gets the answer unchanged. A terminal would execute its control characters.
                click.echo(escape(text, keep="\n\t") if is_terminal() else text, nl=False, color=True)
                last = text
            yield answer
    finally:
        if last and not last.endswith("\n"):
            click.echo()


def _missing_text_reason(answers: Iterable[GenerateContentResponse]) -> str:
    """Return a sentence that says why *answers* have no text."""
    reasons: list[str] = []
    for answer in answers:
        feedback = answer.prompt_feedback
        if feedback and not feedback.block_reason.endswith(_UNSPECIFIED):
            reasons.append(f"the prompt was blocked, block_reason {feedback.block_reason}")
        for candidate in answer.candidates[:1]:
            if not candidate.finish_reason.endswith(_UNSPECIFIED):
                more = f", {candidate.finish_message}" if candidate.finish_message else ""
                reasons.append(f"finish_reason {candidate.finish_reason}{more}")
    return f"The answer has no text: {'; '.join(dict.fromkeys(reasons)) or 'the service does not say why'}."


def _read_stdin() -> str:
    try:
        text = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError as error:
        raise CommandError(f"stdin is not UTF-8 text: {error}.") from None
    # Remove the line breaks at the end, which belong to the file, as $(...) of a shell does.
    return text.rstrip("\r\n")
