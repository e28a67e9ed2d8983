"""Starts the command: installs signal handlers, and says what to install if a module is missing."""

from __future__ import annotations

import sys

from . import interrupts


def main() -> None:
    """Run ``tunedmodels-mockserver``. Ctrl-C and SIGTERM end it, and the process dies of the signal.

    Exit with status 2 if the command needs a module of the extra ``mockserver`` and the module is not installed.
    """
    interrupts.install_handlers()
    try:
        from .cli import main as command

        command()
    except ModuleNotFoundError as error:  # commands import late, so every command may raise it
        from .extra import MODULES, advice

        sys.stderr.write(f"{advice(error, MODULES, 'tunedmodels-mockserver', 'mockserver')}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
