"""Documents: results as JSON, for programs."""

from __future__ import annotations

import json
from typing import Any

import click

from .text import is_encodable


def write(value: Any) -> None:
    """Write *value* to stdout, indented."""
    _write(value, indent=2)


def write_line(value: Any) -> None:
    """Write *value* to stdout as a line of its own, at once."""
    _write(value, indent=None)


def _write(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    # JSON has its own way to write what the encoding of stdout lacks, half of a surrogate pair among it.
    click.echo(text if is_encodable(text) else json.dumps(value, indent=indent))
