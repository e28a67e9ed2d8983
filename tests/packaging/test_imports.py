"""What importing each package may pull in."""

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


def pulled_in(module: str) -> set[str]:
    """The top-level names that importing the module adds in a fresh interpreter."""
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
            id="the client's names come when they are asked for",
        ),
        pytest.param(
            "tunedmodels._client",
            {"flask", "werkzeug", "pytest", "pandas", "matplotlib", "numpy", "click", "tqdm", "tabulate", "plotille"},
            id="the client needs neither the mock server's things nor those of the command and of notebooks",
        ),
        pytest.param(
            "tunedmodels_contracts.plugin",
            {"flask", "werkzeug", "requests", "responses", "google"},
            id="every pytest run of everybody loads the plugin",
        ),
        pytest.param(
            "tunedmodels_contracts.testing",
            {"flask", "werkzeug", "requests", "responses", "google", "pytest"},
            id="World and intercept are imported when they are used",
        ),
        pytest.param(
            "tunedmodels_mockserver",
            {"flask", "werkzeug"},
            id="--help comes at once",
        ),
        pytest.param(
            "tunedmodels_mockserver.cli",
            {"flask", "werkzeug", "requests", "msgspec", "yaml", "prometheus_client", "sqlalchemy"},
            id="a command imports what it needs when it runs",
        ),
    ],
)
def test_import_does_not_pull_in(module: str, unwanted: set[str]) -> None:
    """Importing a module leaves alone what only some of its users need."""
    assert pulled_in(module) & unwanted == set()


def test_client_pulls_in_requests_and_google_auth_alone() -> None:
    """Beside these two and what they bring, a client imports itself and the library that tries again."""
    ours = {"tunedmodels", "tenacity"}
    standard = set(sys.stdlib_module_names) | {"_distutils_hack"}

    beneath = pulled_in("requests, google.auth.transport.requests, google.oauth2.service_account")
    assert pulled_in("tunedmodels._client") - beneath - standard == ours


def test_snapshot_sees_what_an_import_pulls_in() -> None:
    """The snapshot is not blind: flask is seen to bring werkzeug."""
    assert {"flask", "werkzeug"} <= pulled_in("flask")
