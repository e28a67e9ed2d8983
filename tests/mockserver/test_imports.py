"""Tests that a server starts without the libraries that are slow to import and that few servers need."""

from __future__ import annotations

import subprocess
import sys

SLOW = {
    *("cachetools", "cryptography", "google.auth", "jsonpath_rfc9535", "num2words", "prometheus_client", "psycopg"),
    *("rapidfuzz", "re2", "requests", "sqlalchemy", "yaml"),
    "tunedmodels_mockserver.cli.demo",
    "tunedmodels_mockserver.core.journal.har",
    "tunedmodels_mockserver.core.verdict.verdict",
}
CODE = f"""
import sys
import tunedmodels_mockserver.cli.serve
import tunedmodels_mockserver.process.server
from tunedmodels_mockserver import Settings, create_app
from tunedmodels_mockserver.core.text.numerals import successor
create_app(Settings()).test_client().get('/health')
print(*(successor(text) for text in ("1", "IX", "六", "hello")))
print(sorted({SLOW} & set(sys.modules)))
"""


def test_slow_libraries_are_imported_late() -> None:
    """The command, a server in memory and the successors of digits need none of them."""
    result = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=60, check=True)

    assert result.stdout == "2 X 七 None\n[]\n"
