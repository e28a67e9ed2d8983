"""Starts the command. It installs signal handlers, and says which package to install if a module is missing."""

from __future__ import annotations

import gc
import sys
from contextlib import contextmanager

from . import interrupts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def main() -> None:
    """Run ``tunedmodels-mockserver``. Ctrl-C and SIGTERM end it, and the process dies of the signal.

    Exit with status 2 if the command needs a module of the extra ``mockserver`` and the module is not installed.
    """
    interrupts.install_handlers()
    # A start makes many objects that stay. serve enables the collector when it is ready; other commands end soon.
    gc.disable()
    with missing_extra_explained():
        from .cli import main as command

        command()


@contextmanager
def missing_extra_explained() -> Iterator[None]:
    """Exit with a sentence and status 2 if a module of the extra ``mockserver`` is missing inside the block.

    Commands import late, so the block goes around the whole run of a command.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        from .extra import MODULES, advice

        sys.stderr.write(f"{advice(error, MODULES, 'tunedmodels-mockserver', 'mockserver')}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
