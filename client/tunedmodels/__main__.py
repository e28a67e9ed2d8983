"""The entry point of the command ``tunedmodels``."""

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
        # A terminal can lack a character of a display name. The command must not fail for that.
        sys.stdout.reconfigure(errors="backslashreplace")
    from ._cli import main as command

    # With the name set here, ``python -m tunedmodels`` has the same usage line and completion as the command.
    command(prog_name="tunedmodels")


def _open_streams() -> None:
    """Replace standard streams that are closed, as by ``>&-``, by the null device. Python sets them to None."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            from pathlib import Path

            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - open until the process ends


if __name__ == "__main__":
    main()
