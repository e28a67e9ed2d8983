"""The command's beginning."""

from __future__ import annotations

import io
import os
import signal
import sys
from pathlib import Path
from types import FrameType


def main() -> None:
    """Run ``tunedmodels``. SIGTERM ends it as Ctrl-C does."""
    signal.signal(signal.SIGTERM, _stop)
    _open_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that lacks a character of a display name is no reason to fail.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        from ._cli import main as command

        # Named here, so that ``python -m tunedmodels`` speaks of itself, and completes, as the command does.
        command(prog_name="tunedmodels")
    except KeyboardInterrupt:
        sys.exit(0)  # it came before the command began, or after it ended


def _open_streams() -> None:
    """Put nothing in the place of standard streams that were closed, as by ``>&-``; Python has None there."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - for as long as it runs


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
