"""Writes results as JSON, for programs."""

from __future__ import annotations

import json
from typing import Any

import click

from .text import is_encodable


def write(value: Any) -> None:
    """Write *value* to stdout as indented JSON."""
    _write(value, indent=2)


def write_line(value: Any) -> None:
    """Write *value* to stdout as JSON on one line, and flush."""
    _write(value, indent=None)


def _write(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    # JSON can escape characters that the encoding of stdout lacks, such as half of a surrogate pair.
    click.echo(text if is_encodable(text) else json.dumps(value, indent=indent))
