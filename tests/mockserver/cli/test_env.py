"""Tests that shells and env files read the output of ``env``."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from click.testing import CliRunner, Result

from tunedmodels_mockserver.cli import main
from tunedmodels_mockserver.cli.shell_formats import FORMATS, exports, removals

NAMES = ["GOOGLE_GEMINI_BASE_URL", "GOOGLE_API_KEY", "TUNEDMODELS_EMULATOR_HOST"]
# Values with the signs that need quoting.
HARD = {"A": "it's", "B": 'a "quoted" word', "C": "$HOME `id` \\ back", "D": "plain"}


@pytest.fixture(autouse=True)
def _no_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the variables of this machine that name a mock server."""
    monkeypatch.delenv("TUNEDMODELS_EMULATOR_HOST", raising=False)
    monkeypatch.delenv("TUNEDMODELS_MOCKSERVER_PORT", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["env", *arguments])


def test_the_default_format_is_a_posix_shell() -> None:
    """It has the URL with its scheme, the key in one variable only, and NO_PROXY."""
    result = run()

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "export GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:9480\n"
        "export GOOGLE_API_KEY=tunedmodels-api-key\n"
        "export TUNEDMODELS_EMULATOR_HOST=http://127.0.0.1:9480\n"
        "export NO_PROXY=127.0.0.1\n"
        "export no_proxy=127.0.0.1\n"
        "unset GEMINI_API_KEY\n"
    )


@pytest.mark.parametrize(
    ("url", "variables", "expected"),
    [
        ("127.0.0.1:1", {}, ("127.0.0.1", "127.0.0.1")),
        ("localhost:1", {"NO_PROXY": "a, .b"}, ("a,.b,localhost", "a,.b,localhost")),
        ("http://[::1]:1", {"NO_PROXY": "a", "no_proxy": "b"}, ("a,::1", "b,::1")),
        ("127.0.0.2:1", {"no_proxy": "127.0.0.2,a"}, ("127.0.0.2,a", "127.0.0.2,a")),
        ("127.0.0.1:1", {"NO_PROXY": "*"}, ("*", "*")),
        ("fake.example.com:1", {"NO_PROXY": "a"}, None),
        ("127.example.com:1", {}, None),
    ],
)
def test_clients_reach_a_local_server_without_a_proxy(
    url: str, variables: dict[str, str], expected: tuple[str, str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both variables keep their hosts and get the host once; for another machine they are left out."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    variables = dict(line.split("=", 1) for line in run("--format", "github", "--url", url).stdout.splitlines())

    assert {name: variables[name] for name in ("NO_PROXY", "no_proxy") if name in variables} == (
        dict(zip(("NO_PROXY", "no_proxy"), expected, strict=True)) if expected else {}
    )


def test_a_key_in_the_other_variable_is_removed() -> None:
    """google-genai warns if both are set, and the other one may hold a real key."""
    for form in FORMATS:
        assert run("--format", form).stdout.endswith(removals(["GEMINI_API_KEY"], form))


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("fish", "set -gx GOOGLE_API_KEY 'test-w1/tunedmodels-api-key'"),
        ("powershell", "$Env:GOOGLE_API_KEY = 'test-w1/tunedmodels-api-key'"),
        ("dotenv", 'GOOGLE_API_KEY="test-w1/tunedmodels-api-key"'),
        ("github", "GOOGLE_API_KEY=test-w1/tunedmodels-api-key"),
    ],
)
def test_the_lines_of_each_format(form: str, line: str) -> None:
    """The key begins with the name of the world, which selects the world for every client."""
    assert line in run("--format", form, "--world", "w1", "--url", "fake:80/").stdout.splitlines()


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("sh", "unset GOOGLE_API_KEY"),
        ("fish", "set -e GOOGLE_API_KEY"),
        ("powershell", "Remove-Item Env:GOOGLE_API_KEY -ErrorAction SilentlyContinue"),
        ("dotenv", "GOOGLE_API_KEY="),
        ("github", "GOOGLE_API_KEY="),
    ],
)
def test_unset_removes_the_variables(form: str, line: str) -> None:
    """There is one line for each variable except NO_PROXY, which may have other hosts."""
    lines = run("--format", form, "--unset").stdout.splitlines()

    assert line in lines
    assert len(lines) == len(NAMES)


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({"TUNEDMODELS_EMULATOR_HOST": "fake:1"}, "http://fake:1"),
        ({"TUNEDMODELS_EMULATOR_HOST": ""}, "http://127.0.0.1:9480"),
        ({"TUNEDMODELS_MOCKSERVER_PORT": "8123"}, "http://127.0.0.1:8123"),
        ({"TUNEDMODELS_EMULATOR_HOST": "https://fake/", "TUNEDMODELS_MOCKSERVER_PORT": "8123"}, "https://fake"),
        ({"TUNEDMODELS_MOCKSERVER_PORT": "soon"}, "http://127.0.0.1:9480"),
        ({"TUNEDMODELS_MOCKSERVER_PORT": "0"}, "http://127.0.0.1:9480"),
    ],
)
def test_the_environment_names_the_server(variables: dict[str, str], url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has a host and port, or a URL; the default is the usual port of this machine."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert f"export TUNEDMODELS_EMULATOR_HOST={url}" in run().stdout.splitlines()


def test_a_posix_shell_reads_the_lines() -> None:
    """``eval`` restores quotes, dollars and backslashes, and the other lines remove the variables."""

    def output(script: str, **variables: str) -> str:
        environment = {**os.environ, **variables}
        return subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, env=environment).stdout

    assert output(f'{exports(HARD, "sh")}printf "%s\\n" "$A" "$B" "$C" "$D"').splitlines() == list(HARD.values())
    assert output(f'{removals(HARD, "sh")}printf "%s" "$A$B$C$D"', **HARD) == ""


@pytest.mark.parametrize(
    ("form", "lines"),
    [
        ("fish", ["set -gx A 'it\\'s'", "set -gx B 'a \"quoted\" word'", "set -gx C '$HOME `id` \\\\ back'"]),
        ("powershell", ["$Env:A = 'it''s'", "$Env:B = 'a \"quoted\" word'", "$Env:C = '$HOME `id` \\ back'"]),
        ("dotenv", ['A="it\'s"', 'B="a \\"quoted\\" word"', 'C="\\$HOME `id` \\\\ back"']),
        ("github", ["A=it's", 'B=a "quoted" word', "C=$HOME `id` \\ back"]),
    ],
)
def test_the_quoting_of_each_format(form: str, lines: list[str]) -> None:
    """Each format has its own rules for quotes, dollars and backslashes."""
    assert exports(HARD, form).splitlines()[:3] == lines


@pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish here")
def test_fish_reads_the_lines() -> None:
    """If fish is installed, it restores the values."""
    script = f'{exports(HARD, "fish")}printf "%s\\n" $A $B $C $D'
    output = subprocess.run(["fish", "-c", script], capture_output=True, text=True, check=True).stdout

    assert output.splitlines() == list(HARD.values())
