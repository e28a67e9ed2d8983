"""Starts the command ``tunedmodels-contracts``. It handles signals, and says what to install if a module is missing."""

from __future__ import annotations

import sys

from tunedmodels_mockserver import interrupts


def main() -> None:
    """Run ``tunedmodels-contracts``. After Ctrl-C or SIGTERM the process dies of that signal.

    Exit with status 2 if a module of the extra ``contracts`` is needed and is not installed.
    """
    interrupts.install_handlers()
    try:
        from .cli import main as command

        command(prog_name="tunedmodels-contracts")
    except ModuleNotFoundError as error:  # commands import modules late, so any command may raise it
        from tunedmodels_mockserver.extra import advice

        from .extra import MODULES

        sys.stderr.write(f"{advice(error, MODULES, 'tunedmodels-contracts', 'contracts')}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
