"""Calls the admin surface of a running mock server. The commands that work on a world use it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import click

from ..environment import EMULATOR_HOST, emulator_url, is_loopback, with_scheme
from . import params

FAILED = 1
BAD_USAGE = 2
PATIENCE = 10.0  # seconds; a request that moves much state takes longer than one

Command = Callable[..., Any]


def url(command: Command) -> Command:
    """Add the option ``--url`` to *command*."""
    text = f"The URL of the mock server.  [default: {EMULATOR_HOST}, or http://127.0.0.1:9480]"
    return click.option("--url", default=emulator_url, type=params.url, metavar="URL", help=text)(command)


def world(command: Command) -> Command:
    """Add the option ``--world`` to *command*."""
    text = "The world to use.  [default: the default world]"
    return click.option("--world", default="", type=params.world, metavar="NAME", help=text)(command)


def output_format(command: Command) -> Command:
    """Add the option ``--format`` to *command*, which gets it as ``form``."""
    form = click.Choice(["text", "json"])
    return click.option("--format", "form", default="text", show_default=True, type=form, help="The output format.")(
        command
    )


def call_admin(
    method: str,
    base: str,
    path: str,
    world: str = "",
    *,
    json: Any = None,
    data: bytes | None = None,
    query: dict[str, Any] | None = None,
    refusal_status: int = BAD_USAGE,
) -> Any:
    """Return the answer of the mock server at *base* to an admin request, a ``requests.Response``.

    On a failure, print a sentence on stderr and exit: with *refusal_status* if the server refuses the request (400 or
    404), with 1 for any other error or if there is no answer.
    """
    import requests

    try:
        response = send(method, base, path, world, json=json, data=data, query=query)
    except requests.RequestException:
        text = "Start one with `tunedmodels-mockserver serve`, or give its URL with --url."
        fail(f"No mock server answers at {with_scheme(base)}. {text}", FAILED)
    if response.ok and not response.headers.get("Content-Type", "").startswith("text/html"):
        return response
    sentence = _sentence(response)
    if sentence is None:
        text = f"it answers with status {response.status_code}. Give the URL of a mock server with --url."
        fail(f"The server at {with_scheme(base)} is not a mock server: {text}", FAILED)
    fail(sentence, refusal_status if response.status_code in (400, 404) else FAILED)


def _sentence(response: Any) -> str | None:
    """Return why a mock server refuses a request, or None if the answer is not from its admin surface."""
    try:
        sentence = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return None
    return sentence if isinstance(sentence, str) else None


def send(
    method: str,
    base: str,
    path: str,
    world: str = "",
    *,
    json: Any = None,
    data: bytes | None = None,
    query: dict[str, Any] | None = None,
    timeout: float = PATIENCE,
) -> Any:
    """Send a request and return the answer. Wait *timeout* seconds at most. Raise requests.RequestException."""
    from urllib.parse import urlsplit

    import requests

    with requests.Session() as session:
        host = urlsplit(with_scheme(base)).hostname or ""
        # A proxy cannot reach our loopback address.
        session.trust_env = not is_loopback(host)
        headers = {"X-Test-Id": world} if world else {}
        address = f"{with_scheme(base)}/_emulator/{path}"
        return session.request(method, address, json=json, data=data, params=query, headers=headers, timeout=timeout)


def read(path: Path) -> bytes:
    """Return the YAML or JSON file at *path* as JSON. If it is bad, print a sentence and exit with status 2."""
    import msgspec

    from ..core.strict_input import BadInput
    from ..files import documents

    try:
        return msgspec.json.encode(documents.read(path))
    except OSError as error:
        fail(f"{path}: {error.strerror or error}.", BAD_USAGE)
    except BadInput as error:
        fail(f"{path}: {error}", BAD_USAGE)
    except (ValueError, TypeError, RecursionError) as error:
        fail(f"{path}: this cannot be sent as JSON: {' '.join(str(error).split())}.", BAD_USAGE)


def show(response: Any) -> None:
    """Print the JSON of an answer."""
    click.echo(response.text, nl=not response.text.endswith("\n"))


def fail(sentence: str, status: int) -> NoReturn:
    """Print *sentence* on stderr and exit with *status*."""
    click.echo(sentence, err=True)
    sys.exit(status)
