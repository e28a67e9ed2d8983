"""The command ``tunedmodels-mockserver``."""

from __future__ import annotations

import sys

import click

from .credentials import credentials
from .serve import serve


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tunedmodels")
def main() -> None:
    """A mock server of the Gemini API's model tuning."""


@main.command()
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="The port to use.  [default: a free one]")
def demo(port: int) -> None:
    """Run the tuning tutorial against a fake of its own, in under 30 seconds."""
    from ..demo import run

    sys.exit(run(port))


main.add_command(serve)
main.add_command(credentials)
