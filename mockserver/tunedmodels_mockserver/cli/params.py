"""Defines the types of option values for the commands."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from ..environment import with_scheme
from ..files import atomic


class Seconds(click.FloatRange):
    """A time in seconds: a number in a range. It refuses NaN, which passes every comparison."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return *value* as a float in the range."""
        result = super().convert(value, param, ctx)
        if math.isnan(result):
            self.fail(f"{value!r} is not a number of seconds.", param, ctx)
        return result


class OutputFile(click.Path):
    """The path of a file that the command writes. An existing file must be a regular file."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return *value* as a path."""
        if not str(value):
            self.fail("The value is empty. Leave the option out, or name a file.", param, ctx)
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        try:
            atomic.destination(path)
        except OSError as error:
            self.fail(f"{path}: {error.strerror or error}. Name a file.", param, ctx)
        return path


def group(value: str) -> tuple[str, frozenset[str]]:
    """Return the address and the members of a group from ``team@example.com=alice@example.com,bob@example.com``."""
    from ..core.callers.identity import ADDRESS

    name, _, rest = value.lower().partition("=")
    members = frozenset(rest.split(","))
    if not all(ADDRESS.fullmatch(address) for address in (name, *members)):
        form = "team@example.com=alice@example.com,bob@example.com"
        raise click.BadParameter(f"{value!r} is not a group with its members. The form is {form}.")
    return name, members


def preset(value: str) -> str:
    """Return *value* if it is the name of a preset."""
    from ..core.faults.presets import preset as faults_of
    from ..core.strict_input import BadInput

    try:
        faults_of(value)
    except BadInput as error:
        raise click.BadParameter(str(error)) from None
    return value


def address(value: str) -> str:
    """Return an e-mail address in lower case."""
    from ..core.callers.identity import address as checked

    try:
        return checked(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def url(value: str) -> str:
    """Return the address of a mock server unchanged: a URL or ``host:port``."""
    try:
        well_formed = bool(urlsplit(with_scheme(value)).hostname)
    except ValueError:
        well_formed = False
    if not well_formed:
        raise click.BadParameter(f"{value!r} is not a URL of a mock server. The form is http://127.0.0.1:9480.")
    return value


def world(value: str) -> str:
    """Return the name of a world. It may be empty, as the name of the default world is."""
    from ..core.world_names import WORLD_NAME

    if value and not WORLD_NAME.fullmatch(value):
        raise click.BadParameter(f"{value!r} is not a name of 1 to 100 letters, digits, dots, dashes or underscores.")
    return value
