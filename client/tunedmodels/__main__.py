"""The command's beginning."""

from __future__ import annotations

import io
import os
import sys

from . import _interrupts


def main() -> None:
    """Run ``tunedmodels``. Ctrl-C and SIGTERM end it, and the process dies of the signal."""
    _interrupts.install_handlers()
    _open_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that lacks a character of a display name is no reason to fail.
        sys.stdout.reconfigure(errors="backslashreplace")
    from ._cli import main as command

    # Named here, so that ``python -m tunedmodels`` speaks of itself, and completes, as the command does.
    command(prog_name="tunedmodels")


def _open_streams() -> None:
    """Put nothing in the place of standard streams that were closed, as by ``>&-``; Python has None there."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            from pathlib import Path

            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - for as long as it runs


if __name__ == "__main__":
    main()
