"""Defines the command ``env``, which prints the environment variables for clients of a mock server."""

from __future__ import annotations

import click

from ..core.defaults import API_KEY
from ..environment import NO_PROXY, OTHER_KEY, client_variables, emulator_url, with_scheme
from . import remote
from .shell_formats import FORMATS, exports, removals

_HINTS = {
    "sh": 'eval "$(tunedmodels-mockserver env)"',
    "fish": "tunedmodels-mockserver env --format fish | source",
    "powershell": "tunedmodels-mockserver env --format powershell | Out-String | Invoke-Expression",
    "dotenv": "tunedmodels-mockserver env --format dotenv > .env",
    "github": 'tunedmodels-mockserver env --format github >> "$GITHUB_ENV"',
}


@click.command()
@click.option(
    "--format", "form", default="sh", show_default=True, type=click.Choice(FORMATS), help="The output format."
)
@click.option("--unset", is_flag=True, help="Print commands that unset the variables.")
@remote.url
@remote.world
def env(form: str, unset: bool, url: str, world: str) -> None:
    """Print the variables that point clients at a mock server, and the command that removes GEMINI_API_KEY.

    If the mock server is on this machine, NO_PROXY and no_proxy keep their values and get its host. --unset does not
    change them. Only the variables go to stdout. If stderr is a terminal, the usage goes there.
    """
    import sys

    from ..core.world_names import with_world

    variables = client_variables(with_scheme(url or emulator_url()), with_world(API_KEY, world))
    if unset:
        click.echo(removals([name for name in variables if name not in NO_PROXY], form), nl=False)
        return
    click.echo(exports(variables, form) + removals([OTHER_KEY], form), nl=False)
    if sys.stderr.isatty():
        click.echo(f"# To use these: {_HINTS[form]}", err=True)
