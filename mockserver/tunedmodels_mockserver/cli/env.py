"""``env``: what points clients at a fake."""

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
@click.option("--format", "form", default="sh", show_default=True, type=click.Choice(FORMATS), help="For which reader.")
@click.option("--unset", is_flag=True, help="Print what takes the variables away again.")
@remote.url
@remote.world
def env(form: str, unset: bool, url: str, world: str) -> None:
    """Print the variables that point clients at a fake, and what removes GEMINI_API_KEY.

    If the fake is on this machine, NO_PROXY and no_proxy get its host and keep what they have; --unset leaves them.
    On stdout is nothing else; on stderr, where that is a terminal, how to use them.
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
