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
            {"flask", "werkzeug", "pytest", "click", "pandas", "matplotlib"},
            id="the client needs neither the mock server's things nor the data tools",
        ),
        pytest.param(
            "tunedmodels_contracts.plugin",
            {"flask", "werkzeug", "requests", "responses", "google"},
            id="every pytest run of everybody loads the plugin",
        ),
        pytest.param(
            "tunedmodels_mockserver",
            {"flask", "werkzeug"},
            id="--help comes at once",
        ),
    ],
)
def test_import_does_not_pull_in(module: str, unwanted: set[str]) -> None:
    """Importing a module leaves alone what only some of its users need."""
    assert pulled_in(module) & unwanted == set()


def test_snapshot_sees_what_an_import_pulls_in() -> None:
    """The snapshot is not blind: flask is seen to bring werkzeug."""
    assert {"flask", "werkzeug"} <= pulled_in("flask")
