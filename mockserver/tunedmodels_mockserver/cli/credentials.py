"""Defines the command ``credentials``, which makes keys and tokens for a mock server, so google-auth works offline."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from ..core.callers import scopes
from ..core.defaults import API_KEY, DEVELOPER
from ..environment import EMULATOR_HOST, emulator_url
from . import params

_LOOPBACK = ("localhost", "::1")
_PATIENCE = 10  # seconds

Command = Callable[..., Any]

# Commands import their dependencies themselves: --help does not need them.

_user = click.option(
    "--user",
    default=DEVELOPER,
    show_default=True,
    type=params.address,
    metavar="ADDRESS",
    help="The user that the credential identifies.",
)
_world = click.option(
    "--world", default="", type=params.world, metavar="NAME", help="The world in which the credential is valid."
)
_scopes = click.option(
    "--scope",
    "scope_names",
    multiple=True,
    metavar="SCOPE",
    default=scopes.TUNING,
    help="A scope of the credential.  [default: cloud-platform and generative-language.tuning]",
)


def _url(command: Command) -> Command:
    text = f"The URL of the mock server.  [default: {EMULATOR_HOST}, or http://127.0.0.1:9480]"
    return click.option("--url", default=emulator_url, metavar="URL", help=text)(command)


@click.group()
def credentials() -> None:
    """Make keys and tokens for a mock server. No other service accepts them."""


@credentials.command("service-account")
@_user
@_url
@_world
def service_account(user: str, url: str, world: str) -> None:
    """Print the key file of a service account, for GOOGLE_APPLICATION_CREDENTIALS."""
    import json

    from ..files import service_account_keys

    click.echo(json.dumps(service_account_keys.service_account(user, _token_uri(url, world)), indent=2))


@credentials.command("access-token")
@_user
@_scopes
@_url
@_world
def access_token(user: str, scope_names: tuple[str, ...], url: str, world: str) -> None:
    """Print an access token, in place of gcloud in the tutorial. The mock server has to be running."""
    from urllib.parse import urlsplit

    import requests

    uri = _token_uri(url, world)
    form = {"grant_type": "refresh_token", "refresh_token": _refresh_token(user, scope_names, world)}
    try:
        with requests.Session() as session:
            host = urlsplit(uri).hostname or ""
            # A proxy cannot reach our loopback address.
            session.trust_env = host not in _LOOPBACK and not host.startswith("127.")
            token = session.post(uri, data=form, timeout=_PATIENCE).json()["access_token"]
    except (requests.RequestException, ValueError, KeyError, TypeError):
        text = "Start one with `tunedmodels-mockserver serve`, or give its URL with --url."
        click.echo(f"No mock server answers at {url}. {text}", err=True)
        sys.exit(1)
    click.echo(token)


@credentials.command("refresh-token")
@_user
@_scopes
@_world
def refresh_token(user: str, scope_names: tuple[str, ...], world: str) -> None:
    """Print a refresh token, for google.oauth2.credentials.Credentials."""
    click.echo(_refresh_token(user, scope_names, world))


@credentials.command("api-key")
@_world
def api_key(world: str) -> None:
    """Print the API key that every mock server accepts."""
    from ..core.world_names import with_world

    click.echo(with_world(API_KEY, world))


def _refresh_token(user: str, scope_names: tuple[str, ...], world: str) -> str:
    import secrets

    from ..core.callers.grants import RefreshGrant
    from ..core.world_names import with_world

    return with_world(RefreshGrant(user, scope_names, secrets.token_hex(8)).token(), world)


def _token_uri(url: str, world: str) -> str:
    base = (url if "://" in url else f"http://{url}").rstrip("/")
    return f"{base}/token?key=test-{world}" if world else f"{base}/token"
