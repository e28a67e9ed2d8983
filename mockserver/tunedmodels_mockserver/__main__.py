"""The command's beginning: says what to install where the parts that it needs are missing."""

from __future__ import annotations

import sys


def main() -> None:
    """Run ``tunedmodels-mockserver``. Ends with status 1 where the extra ``mockserver`` is not installed."""
    try:
        from .cli import main as command
    except ModuleNotFoundError as error:
        sys.exit(f"The mock server needs {error.name}, which is not installed: pip install 'tunedmodels[mockserver]'")
    command()


if __name__ == "__main__":
    main()
