"""Defines the command ``journal``, which searches, verifies, exports and clears the requests of a world."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from . import remote

_FILTERS = {
    "method": "The id of the API's method, such as tunedModels.create.",
    "http": "GET or another HTTP method.",
    "path": "The path.",
    "status": "The status, or a class of them such as 4xx.",
    "model": "The model's id.",
    "operation": "The operation's id.",
    "caller": "The e-mail address of the caller.",
    "fault": "The fault that fired, by its id or its effect.",
    "text": "Text in the path, the query or a body.",
}

Command = Callable[..., Any]


def _filters(command: Command) -> Command:
    """Add the options that select requests. Names may be glob patterns."""
    command = click.option("--since", type=click.IntRange(0), metavar="NUMBER", help="Only later requests.")(command)
    for name, text in reversed(_FILTERS.items()):
        command = click.option(f"--{name}", metavar="TEXT", help=text)(command)
    return command


def _without_none(filters: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in filters.items() if value is not None}


@click.group()
def journal() -> None:
    """Search, verify, export and clear the journal of a world."""


@journal.command("list")
@remote.output_format
@_filters
@remote.url
@remote.world
def list_entries(form: str, url: str, world: str, **filters: Any) -> None:
    """Print the number, status, method and fault of each request, or whole entries as JSON lines."""
    import json

    token: str | None = "0"
    while token is not None:
        query = {**_without_none(filters), "page_size": 1000, "page_token": token}
        page = remote.call_admin("GET", url, "journal", world, query=query).json()
        for entry in page["entries"]:
            click.echo(json.dumps(entry, ensure_ascii=False) if form == "json" else _line(entry))
        token = page["next_page_token"]


@journal.command()
@remote.url
@remote.world
def clear(url: str, world: str) -> None:
    """Delete all entries."""
    remote.call_admin("DELETE", url, "journal", world)


@journal.command()
@click.option("--count", type=click.IntRange(0), help="Require exactly this number of requests.")
@click.option("--at-least", type=click.IntRange(0), help="Require at least this number of requests.  [default: 1]")
@click.option("--at-most", type=click.IntRange(0), help="Require at most this number of requests.")
@_filters
@remote.url
@remote.world
def verify(count: int | None, at_least: int | None, at_most: int | None, url: str, world: str, **filters: Any) -> None:
    """Check that the journal has matching requests. Exit with status 1 if not."""
    claim: dict[str, Any] = _without_none(filters)
    bounds = _without_none({"at_least": at_least, "at_most": at_most})
    if count is not None and bounds:
        raise click.UsageError("--count excludes --at-least and --at-most.")
    if count is not None or bounds:
        claim["count"] = bounds if count is None else count
    verification = remote.call_admin("POST", url, "journal:verify", world, json=claim).json()
    click.echo(verification["message"])
    for near in verification["near_misses"]:
        click.echo(f"  near: {near['number']} {near['status']} {near['request']}: {'; '.join(near['differences'])}")
    if not verification["ok"]:
        sys.exit(remote.FAILED)


@journal.command()
@click.option("--form", default="har", show_default=True, type=click.Choice(["har", "curl"]), help="The output format.")
@_filters
@remote.url
@remote.world
def export(form: str, url: str, world: str, **filters: Any) -> None:
    """Print the requests as a HAR file, or as a shell script with a curl command for each."""
    remote.show(remote.call_admin("POST", url, "journal:export", world, json={"form": form, **_without_none(filters)}))


def _line(entry: dict[str, Any]) -> str:
    request = f"{entry['http']} {entry['path']}{'?' if entry['query'] else ''}{entry['query']}"
    return f"{entry['number']} {entry['status']} {request}{'  fault ' + entry['fault'] if entry['fault'] else ''}"
