"""Runs the suite with pytest inside this process."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from ..options import PLUGIN

SUITE = Path(__file__).parents[1] / "suite"

# A run must not depend on its environment: no settings file, only our plugins, no files left on disk.
_QUIET = ("-q", "--tb=no", "--assert=plain", "--no-header", "--no-summary", "-c", os.devnull, "-p", "no:cacheprovider")


def run_in_process(plugin: object, arguments: Sequence[str] = (), suite: Path = SUITE) -> None:
    """Run *suite* with *plugin* and pytest's *arguments*. Raises RuntimeError if pytest cannot run the suite.

    The call changes the process permanently, for example its environment variables. Use a separate process.
    """
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ.pop("PYTEST_ADDOPTS", None)
    sys.argv[:] = ["pytest"]
    output = io.StringIO()
    with redirect_stdout(output), redirect_stderr(output):
        status = pytest.main([*_QUIET, "-p", PLUGIN, *arguments, str(suite)], plugins=[plugin])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise RuntimeError(f"the suite could not be run:\n{output.getvalue()[-4000:]}")
