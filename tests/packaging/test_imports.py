"""Importing a package imports no module that it does not need."""

import json
import subprocess
import sys

import pytest

# Only what the import adds counts: a .pth file of another package may have loaded things before it.
SNAPSHOT = """
import json, sys
before = set(sys.modules)
import {module}
print(json.dumps(sorted({{name.split(".")[0] for name in set(sys.modules) - before}})))
"""


def imported_packages(module: str) -> set[str]:
    """Return the top-level names that an import of the module adds in a new interpreter."""
    run = subprocess.run(
        [sys.executable, "-c", SNAPSHOT.format(module=module)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, f"import {module} failed:\n{run.stderr}"
    return set(json.loads(run.stdout))


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        pytest.param(
            "tunedmodels",
            {"requests", "google", "click", "tqdm", "tabulate", "plotille"},
            id="the client's names are lazy",
        ),
        pytest.param(
            "tunedmodels._client",
            {"flask", "werkzeug", "pytest", "pandas", "matplotlib", "numpy", "click", "tqdm", "tabulate", "plotille"}
            | {"cryptography", "tenacity"},
            id="the client needs no module of the mock server, of the command, of notebooks or of some requests",
        ),
        pytest.param(
            "tunedmodels_contracts.plugin",
            {"flask", "werkzeug", "requests", "responses", "google"},
            id="every pytest run imports the plugin",
        ),
        pytest.param(
            "tunedmodels_contracts.testing",
            {"flask", "werkzeug", "requests", "responses", "google", "pytest"},
            id="World and intercept are imported when they are used",
        ),
        pytest.param(
            "tunedmodels_mockserver.cli",
            {"flask", "werkzeug", "requests", "msgspec", "yaml", "prometheus_client", "sqlalchemy"},
            id="a command imports what it needs when it runs",
        ),
    ],
)
def test_import_is_light(module: str, unwanted: set[str]) -> None:
    """Importing a module does not import what only some of its users need."""
    assert imported_packages(module) & unwanted == set()


def test_client_imports_only_requests_and_google_auth() -> None:
    """Beside requests, google-auth and their dependencies, a client imports only itself."""
    standard = set(sys.stdlib_module_names) | {"_distutils_hack"}

    dependencies = imported_packages("requests, google.auth.transport.requests, google.oauth2.service_account")
    assert imported_packages("tunedmodels._client") - dependencies - standard == {"tunedmodels"}


def test_snapshot_has_dependencies() -> None:
    """The snapshot of an import has the dependencies of the module."""
    assert {"flask", "werkzeug"} <= imported_packages("flask")
