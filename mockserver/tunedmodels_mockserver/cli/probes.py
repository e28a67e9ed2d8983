"""Defines the commands ``wait`` and ``healthcheck``, which check whether a mock server is ready."""

from __future__ import annotations

import time
from typing import Any

import click

from ..environment import with_scheme
from . import remote
from .params import Seconds

_PAUSE = 0.1  # seconds between two checks


@click.command()
@click.option(
    "--timeout",
    default=30.0,
    show_default=True,
    type=Seconds(0, 1e5),
    metavar="SECONDS",
    help="How long to wait.",
)
@remote.url
def wait(timeout: float, url: str) -> None:
    """Wait until a mock server is ready. Exit with status 1 if it is not ready in time."""
    deadline = time.monotonic() + timeout
    while reason := _unready_reason(url):
        if time.monotonic() + _PAUSE > deadline:
            remote.fail(f"After {timeout:g} seconds {reason}", remote.FAILED)
        time.sleep(_PAUSE)


@click.command()
@remote.url
def healthcheck(url: str) -> None:
    """Check once whether a mock server is ready. Exit with status 0 or 1, for a container's health check."""
    reason = _unready_reason(url)
    if reason:
        remote.fail(f"{reason[0].upper()}{reason[1:]}", remote.FAILED)


def _unready_reason(url: str) -> str | None:
    """Return why the mock server at *url* is not ready, or None if it is."""
    import requests

    try:
        response = remote.send("GET", url, "ready", timeout=5)
    except requests.RequestException:
        return f"no mock server answers at {with_scheme(url)}."
    return None if response.ok else f"the mock server at {with_scheme(url)} is not ready: {_reason(response)}"


def _reason(response: Any) -> str:
    try:
        return str(response.json()["error"])
    except (ValueError, KeyError, TypeError):
        return f"it answers with status {response.status_code}."
