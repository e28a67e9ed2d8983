"""Contains the command ``completion``, which prints the completion script of a shell."""

from __future__ import annotations

import click
from click.shell_completion import ShellComplete, get_completion_class

_NAME, _VARIABLE = "tunedmodels", "_TUNEDMODELS_COMPLETE"

_INSTALL = {
    "bash": 'To enable it in every bash, add to ~/.bashrc: eval "$(tunedmodels completion bash)"',
    "zsh": 'To enable it in every zsh, add to ~/.zshrc: eval "$(tunedmodels completion zsh)"',
    "fish": "To enable it in every fish: tunedmodels completion fish > ~/.config/fish/completions/tunedmodels.fish",
}


@click.command()
@click.argument("shell", type=click.Choice(list(_INSTALL)))
def completion(shell: str) -> None:
    """Print the completion script of a shell.

    It completes commands, options and files. Its last line says how to install it.
    """
    kind = get_completion_class(shell)
    assert kind is not None  # click supports all shells in _INSTALL
    completer = kind(click.get_current_context().find_root().command, {}, _NAME, _VARIABLE)
    # Use the method of ShellComplete: the one for bash first runs bash to find its version.
    click.echo(f"{ShellComplete.source(completer).strip()}\n# {_INSTALL[shell]}")
