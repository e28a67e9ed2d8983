"""The command's beginning: says what to install where the parts that it needs are missing."""

from __future__ import annotations

import sys


def main() -> None:
    """Run ``tunedmodels-contracts``. Ends with status 1 where the extra ``contracts`` is not installed."""
    try:
        from .cli import main as command
    except ModuleNotFoundError as error:
        sys.exit(f"The contracts need {error.name}, which is not installed: pip install 'tunedmodels[contracts]'")
    command(prog_name="tunedmodels-contracts")


if __name__ == "__main__":
    main()
