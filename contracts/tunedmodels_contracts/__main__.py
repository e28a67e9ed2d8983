"""The command's beginning: says what to install where the parts that it needs are missing."""

from __future__ import annotations

import signal
import sys
from types import FrameType


def main() -> None:
    """Run ``tunedmodels-contracts``. Ends with status 1 where the extra ``contracts`` is not installed.

    SIGTERM ends it as Ctrl-C does, so that a live run that is told to end deletes what it has made.
    """
    signal.signal(signal.SIGTERM, _stop)
    try:
        from .cli import main as command

        command(prog_name="tunedmodels-contracts")
    except KeyboardInterrupt:
        sys.exit(0)  # it came before the command began, or after it ended
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing.startswith("tunedmodels"):
            raise
        sys.exit(f"The contracts need {missing}, which is not installed: pip install 'tunedmodels[contracts]'")


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
