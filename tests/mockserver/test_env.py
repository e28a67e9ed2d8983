"""``env``: what it prints is read back by the shells and files it is for."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from click.testing import CliRunner, Result

from tunedmodels_mockserver.cli import main
from tunedmodels_mockserver.shells import FORMATS, exports, removals

NAMES = ["GOOGLE_GEMINI_BASE_URL", "GEMINI_API_KEY", "GOOGLE_API_KEY", "TUNEDMODELS_EMULATOR_HOST"]
# What each kind of quoting has to withstand.
HARD = {"A": "it's", "B": 'a "quoted" word', "C": "$HOME `id` \\ back", "D": "plain"}


@pytest.fixture(autouse=True)
def _no_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no setting of the machine's own say where a fake is."""
    monkeypatch.delenv("TUNEDMODELS_EMULATOR_HOST", raising=False)
    monkeypatch.delenv("TUNEDMODELS_MOCKSERVER_PORT", raising=False)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["env", *arguments])


def test_by_default_it_prints_exports_for_a_posix_shell() -> None:
    """Four variables, with the scheme, the key that every fake knows, and nothing else."""
    result = run()

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "export GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:9480\n"
        "export GEMINI_API_KEY=tunedmodels-api-key\n"
        "export GOOGLE_API_KEY=tunedmodels-api-key\n"
        "export TUNEDMODELS_EMULATOR_HOST=http://127.0.0.1:9480\n"
    )


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("fish", "set -gx GEMINI_API_KEY 'test-w1/tunedmodels-api-key'"),
        ("powershell", "$Env:GEMINI_API_KEY = 'test-w1/tunedmodels-api-key'"),
        ("dotenv", 'GEMINI_API_KEY="test-w1/tunedmodels-api-key"'),
        ("github", "GEMINI_API_KEY=test-w1/tunedmodels-api-key"),
    ],
)
def test_other_readers_and_a_world(form: str, line: str) -> None:
    """Each format has its own lines; a world's name is in the key, by which any client is in that world."""
    assert line in run("--format", form, "--world", "w1", "--url", "fake:80/").stdout.splitlines()


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("sh", "unset GEMINI_API_KEY"),
        ("fish", "set -e GEMINI_API_KEY"),
        ("powershell", "Remove-Item Env:GEMINI_API_KEY -ErrorAction SilentlyContinue"),
        ("dotenv", "GEMINI_API_KEY="),
        ("github", "GEMINI_API_KEY="),
    ],
)
def test_unset_takes_them_away(form: str, line: str) -> None:
    """There is one line for each variable."""
    lines = run("--format", form, "--unset").stdout.splitlines()

    assert line in lines
    assert len(lines) == len(NAMES)


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({"TUNEDMODELS_EMULATOR_HOST": "fake:1"}, "http://fake:1"),
        ({"TUNEDMODELS_MOCKSERVER_PORT": "8123"}, "http://127.0.0.1:8123"),
        ({"TUNEDMODELS_EMULATOR_HOST": "https://fake/", "TUNEDMODELS_MOCKSERVER_PORT": "8123"}, "https://fake"),
        ({"TUNEDMODELS_MOCKSERVER_PORT": "soon"}, "http://127.0.0.1:9480"),
        ({"TUNEDMODELS_MOCKSERVER_PORT": "0"}, "http://127.0.0.1:9480"),
    ],
)
def test_the_environment_says_where_the_fake_is(
    variables: dict[str, str], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The emulator's host counts first, then the port that servers have here."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert f"export TUNEDMODELS_EMULATOR_HOST={url}" in run().stdout.splitlines()


def test_a_posix_shell_reads_back_what_is_written() -> None:
    """Quotes, dollars and backslashes come through ``eval`` unchanged, and go by the lines that remove them."""
    shown = subprocess.run(
        ["sh", "-c", f'{exports(HARD, "sh")}printf "%s\\n" "$A" "$B" "$C" "$D"'],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    left = subprocess.run(
        ["sh", "-c", f'{removals(HARD, "sh")}printf "%s" "$A$B$C$D"'],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **HARD},
    ).stdout

    assert shown.splitlines() == list(HARD.values())
    assert left == ""


@pytest.mark.parametrize(
    ("form", "lines"),
    [
        ("fish", ["set -gx A 'it\\'s'", "set -gx B 'a \"quoted\" word'", "set -gx C '$HOME `id` \\\\ back'"]),
        ("powershell", ["$Env:A = 'it''s'", "$Env:B = 'a \"quoted\" word'", "$Env:C = '$HOME `id` \\ back'"]),
        ("dotenv", ['A="it\'s"', 'B="a \\"quoted\\" word"', 'C="\\$HOME `id` \\\\ back"']),
        ("github", ["A=it's", 'B=a "quoted" word', "C=$HOME `id` \\ back"]),
    ],
)
def test_the_quoting_of_other_readers(form: str, lines: list[str]) -> None:
    """Each reader's own rules for quotes, dollars and backslashes."""
    assert exports(HARD, form).splitlines()[:3] == lines


@pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish here")
def test_fish_reads_back_what_is_written() -> None:
    """Where there is a fish, it agrees."""
    script = f'{exports(HARD, "fish")}printf "%s\\n" $A $B $C $D'
    shown = subprocess.run(["fish", "-c", script], capture_output=True, text=True, check=True).stdout

    assert shown.splitlines() == list(HARD.values())


def test_every_format_has_its_lines() -> None:
    """None of the formats that are offered is without a line to set and to remove."""
    for form in FORMATS:
        assert all("D" in text for text in (exports({"D": "x"}, form), removals({"D": "x"}, form)))
