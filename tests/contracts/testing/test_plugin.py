"""Tests the pytest plugin in runs of pytest like those of its users."""

from __future__ import annotations

import re
import subprocess
import sys
from socket import create_connection
from urllib.parse import urlsplit

import pytest

pytest_plugins = ["pytester"]

USERS_TESTS = """
import sys
import pytest

SUITE = ("suite", "session", "targets", "harness", "mutation", "schema", "recordings", "evidence", "report")

def test_tuning(tunedmodels_client):
    models = tunedmodels_client.tuned_models
    operation = models.create(base_model="gemini-1.0-pro-001", display_name="n", training_data=[("1", "2")])
    model = operation.result(timeout=30)
    assert models.generate_content(model.name, "LXIII").text == "LXIV"

@pytest.mark.parametrize("turn", [1, 2])
def test_own_world(tunedmodels_server, tunedmodels_client, turn):
    assert tunedmodels_client.base_url == tunedmodels_server.url
    assert list(tunedmodels_client.tuned_models.list()) == []
    tunedmodels_client.tuned_models.create(
        base_model="gemini-1.0-pro-001", tuned_model_id="mine", training_data=[("1", "2")]
    )
    with open("urls", "a") as file:
        print(tunedmodels_server.url, file=file)

def test_imports(tunedmodels_world, tunedmodels_intercepted):
    loaded = {name.split(".")[1] for name in sys.modules if name.startswith("tunedmodels_contracts.")}
    assert not loaded & set(SUITE)
"""


def test_one_server_and_a_world_for_each_test(pytester: pytest.Pytester) -> None:
    """Without any set-up, the tests share one server, which ends with pytest, and each has a world of its own.

    The plugin imports nothing of the suite.
    """
    pytester.makepyfile(USERS_TESTS)
    pytester.runpytest_subprocess("-W", "error").assert_outcomes(passed=4)

    (url,) = set((pytester.path / "urls").read_text(encoding="utf-8").split())
    address = urlsplit(url)
    assert address.hostname == "127.0.0.1"
    with pytest.raises(ConnectionRefusedError):
        create_connection((address.hostname, address.port or 0), timeout=5)


def test_server_that_does_not_start(pytester: pytest.Pytester) -> None:
    """The error has the last line of the mock server, and stderr has all its lines."""
    pytester.makepyfile("def test_it(tunedmodels_server):\n    pass\n")
    pytester.makepyfile(httptools="raise ImportError('httptools is not installed')")
    result = pytester.runpytest_inprocess()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*did not start (status 1): ImportError: httptools is not installed", "*Captured stderr*", "Traceback *"]
    )


def test_unknown_option_of_the_server(pytester: pytest.Pytester) -> None:
    """The error is the server's sentence about the option, without advice about the installation."""
    pytester.makeini("[pytest]\ntunedmodels_serve_args = --sede 1\n")
    pytester.makepyfile("def test_it(tunedmodels_world):\n    pass\n")
    result = pytester.runpytest_inprocess()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*did not start (status 2): Error: No such option '--sede'*--seed*"])
    result.stdout.no_fnmatch_line("*pip install*")


def test_fixtures_have_descriptions(pytester: pytest.Pytester) -> None:
    """``pytest --fixtures`` describes each fixture, and shows that the server is for the whole session."""
    output = pytester.runpytest_inprocess("--fixtures", "-q").stdout.str()

    assert "tunedmodels_server [session scope]" in output
    assert "A mock server of the Gemini API's model tuning" in output
    assert "tunedmodels_client -- " in output
    assert "in a world of this test alone" in output


def test_plugin_imports_nothing_heavy() -> None:
    """The plugin imports only modules of Python's library."""
    program = "import sys, pytest; before = set(sys.modules); import tunedmodels_contracts.plugin; " + (
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert set(run.stdout.split()) <= {*sys.stdlib_module_names, "tunedmodels_contracts"}


def test_test_with_a_world_and_interception(pytester: pytest.Pytester) -> None:
    """At the end of such a test both worlds are checked. If it fails, the report shows both."""
    pytester.makepyfile(
        """
        def test_both(tunedmodels_world, tunedmodels_intercepted):
            pass

        def test_unfired_there(tunedmodels_world, tunedmodels_intercepted):
            tunedmodels_world.faults.arm(id="of-the-server", reset=True)

        def test_unfired_here(tunedmodels_world, tunedmodels_intercepted):
            tunedmodels_intercepted.faults.arm(id="in-process", reset=True)

        def test_fails(tunedmodels_world, tunedmodels_intercepted):
            assert not tunedmodels_world
        """
    )
    result = pytester.runpytest_inprocess()

    result.assert_outcomes(passed=3, failed=1, errors=2)
    result.stdout.fnmatch_lines_random(
        ["*fault of-the-server*", "*fault in-process*", "*last requests of the world intercepted*"]
    )
    result.stdout.fnmatch_lines_random(["*last requests of the world test-fails-*"])
    result.stdout.no_fnmatch_line("*KeyError*")


def test_help_has_only_the_settings_of_the_fixtures(pytester: pytest.Pytester) -> None:
    """The plugin adds no option of the suite. The suite's own plugin adds them."""
    output = pytester.runpytest_inprocess("--help").stdout.str()
    with_suite = pytester.runpytest_inprocess("-p", "tunedmodels_contracts.session.plugin", "--help").stdout.str()

    assert "--tunedmodels-" not in output
    assert set(re.findall(r"^  (tunedmodels_\w+)", output, re.MULTILINE)) == {
        "tunedmodels_server",
        "tunedmodels_serve_args",
        "tunedmodels_leaks",
        "tunedmodels_verdict",
    }
    assert "--tunedmodels-target" in with_suite
