"""Contains the options that every command has: the address of the service, the caller, and JSON output."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from .._client import Client

Command = Callable[..., Any]


@dataclass(frozen=True)
class Connection:
    """The service and the caller as the command line gives them. The client takes the rest from the environment."""

    base_url: str | None
    api_key: str | None
    quota_project: str | None

    def client(self) -> Client:
        """Return a client. Raise ValueError if the address or the key is invalid."""
        from .._client import Client
        from .._transport.address import Address

        if self.base_url is not None:
            Address.parse(self.base_url, "--base-url")  # its error names the option, and not the argument of Client
        return Client(self.base_url, api_key=self.api_key, quota_project=self.quota_project)

    def command(self, *words: str) -> str:
        """Return a command line with ``tunedmodels``, *words* and the same service, but without the API key."""
        url_option = () if self.base_url is None else ("--base-url", self.base_url)
        return shlex.join(["tunedmodels", *words, *url_option])


def _not_empty(_context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    # If a script passes an unset variable instead of a mock server, the command must not use the real service.
    if value is not None and not value.strip():
        raise click.BadParameter("The value is empty. Give a value, or leave out the option.", param=parameter)
    return value


_OPTIONS = (
    click.option("--json", "as_json", is_flag=True, help="Write the result as JSON."),
    click.option(
        "--base-url",
        metavar="URL",
        callback=_not_empty,
        help="The URL of the service.  [default: TUNEDMODELS_EMULATOR_HOST, GOOGLE_GEMINI_BASE_URL, or Google]",
    ),
    click.option(
        "--api-key",
        metavar="KEY",
        callback=_not_empty,
        help="The API key. Other users of this machine can see it.  "
        "[default: GOOGLE_API_KEY, GEMINI_API_KEY, or OAuth]",
    ),
    click.option(
        "--quota-project",
        metavar="ID",
        callback=_not_empty,
        help="The project that is billed.  [default: GOOGLE_CLOUD_QUOTA_PROJECT, or the credentials' own]",
    ),
)


def connection_options(command: Command) -> Command:
    """Add the options to *command*, which is then called with ``connection`` and ``as_json``."""

    @functools.wraps(command)
    def run(*args: Any, base_url: str | None, api_key: str | None, quota_project: str | None, **options: Any) -> Any:
        return command(*args, connection=Connection(base_url, api_key, quota_project), **options)

    decorated: Command = run
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated
