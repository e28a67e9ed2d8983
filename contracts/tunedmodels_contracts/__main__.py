"""The command's beginning: signals, and what to install if a module is missing."""

from __future__ import annotations

import sys

from tunedmodels_mockserver import interrupts


def main() -> None:
    """Run ``tunedmodels-contracts``. Ctrl-C and SIGTERM end it, and the process dies of the signal.

    Ends with status 2 if the command needs a module of the extra ``contracts`` and that is not installed.
    """
    interrupts.install_handlers()
    try:
        from .cli import main as command

        command(prog_name="tunedmodels-contracts")
    except ModuleNotFoundError as error:  # commands import late, so any of them may raise it
        from tunedmodels_mockserver.extra import advice

        from .extra import MODULES

        sys.stderr.write(f"{advice(error, MODULES, 'tunedmodels-contracts', 'contracts')}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
