"""The pytest plugin, as a user's own pytest sees it."""

from __future__ import annotations

import re
import subprocess
import sys
from socket import create_connection
from urllib.parse import urlsplit

import pytest

pytest_plugins = ["pytester"]

USERS_TEST = """
def test_tuning(tunedmodels_client):
    models = tunedmodels_client.tuned_models
    operation = models.create(base_model="gemini-1.0-pro-001", display_name="n", training_data=[("1", "2")])
    model = operation.result(timeout=30)
    assert models.generate_content(model.name, "LXIII").text == "LXIV"
"""


def test_users_test_passes(pytester: pytest.Pytester) -> None:
    """A test of five lines tunes a model, and asks it, with nothing set up."""
    pytester.makepyfile(USERS_TEST)

    pytester.runpytest_subprocess("-W", "error").assert_outcomes(passed=1)


def test_one_server_and_a_world_for_each_test(pytester: pytest.Pytester) -> None:
    """The tests of a session share one server, which ends with it, and do not see each other's models."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("turn", [1, 2])
        def test_alone(tunedmodels_server, tunedmodels_client, turn):
            assert tunedmodels_client.base_url == tunedmodels_server.url
            assert list(tunedmodels_client.tuned_models.list()) == []
            tunedmodels_client.tuned_models.create(
                base_model="gemini-1.0-pro-001", tuned_model_id="mine", training_data=[("1", "2")]
            )
            with open("urls", "a") as file:
                print(tunedmodels_server.url, file=file)
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=2)

    (url,) = set((pytester.path / "urls").read_text(encoding="utf-8").split())
    address = urlsplit(url)
    assert address.hostname == "127.0.0.1"
    with pytest.raises(ConnectionRefusedError):
        create_connection((address.hostname, address.port or 0), timeout=5)


def test_server_that_does_not_start(pytester: pytest.Pytester) -> None:
    """The error has the last line that the mock server said, and all of it is on stderr."""
    pytester.makepyfile(USERS_TEST)
    pytester.makepyfile(waitress="raise ImportError('waitress is not installed')")
    result = pytester.runpytest_subprocess()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*did not start (status 1): ImportError: waitress is not installed", "*Captured stderr*", "Traceback *"]
    )


def test_an_option_of_the_server_that_there_is_not(pytester: pytest.Pytester) -> None:
    """The error is the server's sentence about the option, with no advice about anything else."""
    pytester.makeini("[pytest]\ntunedmodels_serve_args = --sede 1\n")
    pytester.makepyfile("def test_it(tunedmodels_world):\n    pass\n")
    result = pytester.runpytest_subprocess()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*did not start (status 2): Error: No such option '--sede'*--seed*"])
    result.stdout.no_fnmatch_line("*pip install*")


def test_fixtures_are_explained(pytester: pytest.Pytester) -> None:
    """``pytest --fixtures`` says what each fixture is, and that the server is made once."""
    shown = pytester.runpytest_subprocess("--fixtures", "-q").stdout.str()

    assert "tunedmodels_server [session scope]" in shown
    assert "A mock server of the Gemini API's model tuning" in shown
    assert "tunedmodels_client -- " in shown
    assert "in a world of this test alone" in shown


def test_plugin_imports_nothing_heavy() -> None:
    """What pytest itself has not loaded is not loaded by the plugin."""
    program = "import sys, pytest; before = set(sys.modules); import tunedmodels_contracts.plugin; " + (
        "print(*sorted({name.split('.')[0] for name in set(sys.modules) - before}))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert set(run.stdout.split()) <= {*sys.stdlib_module_names, "tunedmodels_contracts"}


def test_a_test_may_have_a_world_and_be_intercepted(pytester: pytest.Pytester) -> None:
    """Both are judged at the end of a test that has both, and both are shown where it fails."""
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
    result = pytester.runpytest_subprocess()

    result.assert_outcomes(passed=3, failed=1, errors=2)
    result.stdout.fnmatch_lines_random(
        ["*fault of-the-server*", "*fault in-process*", "*last requests of the world intercepted*"]
    )
    result.stdout.fnmatch_lines_random(["*last requests of the world test-fails-*"])
    result.stdout.no_fnmatch_line("*KeyError*")


def test_help_shows_the_fixtures_settings_alone(pytester: pytest.Pytester) -> None:
    """A project that has the package sees no option of the suite; the suite's own plugin adds them."""
    shown = pytester.runpytest_subprocess("--help").stdout.str()
    with_suite = pytester.runpytest_subprocess("-p", "tunedmodels_contracts.session.plugin", "--help").stdout.str()

    assert "--tunedmodels-" not in shown
    assert set(re.findall(r"^  (tunedmodels_\w+)", shown, re.MULTILINE)) == {
        "tunedmodels_server",
        "tunedmodels_serve_args",
        "tunedmodels_leaks",
        "tunedmodels_verdict",
    }
    assert "--tunedmodels-target" in with_suite


def test_a_world_loads_nothing_of_the_suite(pytester: pytest.Pytester) -> None:
    """The plugin and the suite have nothing but the transport in common."""
    pytester.makepyfile(
        """
        import sys

        SUITE = ("suite", "session", "targets", "harness", "mutation", "schema", "recordings", "evidence", "report")

        def test_it(tunedmodels_world, tunedmodels_intercepted):
            loaded = {name.split(".")[1] for name in sys.modules if name.startswith("tunedmodels_contracts.")}
            assert not loaded & set(SUITE)
        """
    )

    pytester.runpytest_subprocess().assert_outcomes(passed=1)
