"""Tests options from flags, the environment and a file, in this order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner, Result

from tunedmodels_mockserver.cli.configuration import ConfigurableCommand, options, variable
from tunedmodels_mockserver.cli.execute import execute
from tunedmodels_mockserver.cli.serve import SECTIONS, serve

from ..serving import settings_of

if TYPE_CHECKING:
    from pathlib import Path


@click.command(cls=ConfigurableCommand)
@click.option("--port", default=1, type=click.IntRange(0, 65535))
@click.option("--tuning-time", default=2.5)
@click.option("--strict", is_flag=True)
@click.option("--api-key", "api_keys", multiple=True)
def print_values(**values: Any) -> None:
    """Print the values of the options."""
    click.echo(repr(values))


def run(*arguments: str, **variables: str) -> Result:
    return CliRunner(env=variables).invoke(print_values, arguments)


def values(result: Result) -> dict[str, Any]:
    assert (result.exit_code, result.stderr) == (0, "")
    options: dict[str, Any] = eval(result.stdout)
    return options


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file that sets every option."""
    path = tmp_path / "fake.toml"
    path.write_text('port = 10\ntuning-time = 1\nstrict = true\napi-key = ["a", "b c"]\n')
    return path


def test_a_file_sets_options(file: Path) -> None:
    """Names are those of the command line; numbers, booleans and lists are those of TOML."""
    assert values(run("--config", str(file))) == {
        "port": 10,
        "tuning_time": 1.0,
        "strict": True,
        "api_keys": ("a", "b c"),
    }


def test_flags_override_variables_and_variables_override_the_file(file: Path) -> None:
    """All three set the port, two set the time, and one sets the rest."""
    options = values(
        run(
            "--port",
            "30",
            TUNEDMODELS_MOCKSERVER_PORT="20",
            TUNEDMODELS_MOCKSERVER_TUNING_TIME="2",
            TUNEDMODELS_MOCKSERVER_CONFIG=str(file),
        )
    )

    assert options == {"port": 30, "tuning_time": 2.0, "strict": True, "api_keys": ("a", "b c")}


def test_a_pyproject_file_has_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only that table counts, and no file is read without --config."""
    path = tmp_path / "pyproject.toml"
    path.write_text('[project]\nname = "x"\n[tool.tunedmodels.mockserver]\nport = 10\n')
    monkeypatch.chdir(tmp_path)

    assert values(run("--config", "pyproject.toml"))["port"] == 10
    assert values(run())["port"] == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("prot = 1", "fake.toml: there is no option 'prot'; the nearest is port."),
        ("tuning_time = 1", "there is no option 'tuning_time'; the nearest is tuning-time."),
        ("config = 'x'", "there is no option 'config'."),
        ("port = true", "port must be text or a number, got True."),
        ("port = [1]", "port must be text or a number, got [1]."),
        ("port = 1.5", "'1.5' is not a valid integer"),
        ("port = 70000", "70000 is not in the range 0<=x<=65535. It comes from the file "),
        ("strict = 1", "strict must be true or false, got 1."),
        ("api-key = 'a'", "api-key must be a list, got 'a'."),
        ("api-key = [true]", "api-key must be text or a number, got True."),
        ("port =", "is not a TOML file:"),
    ],
)
def test_a_bad_file_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    """The error has the file, the option, the value and the nearest name; the status is 2."""
    path = tmp_path / "fake.toml"
    path.write_text(text)
    result = run("--config", str(path))

    assert result.exit_code == 2
    assert sentence in " ".join(result.stderr.split())
    assert str(path) in result.stderr


def test_a_pyproject_file_without_the_table_is_refused(tmp_path: Path) -> None:
    """A user names the file because its table must count."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n')
    result = run("--config", str(tmp_path / "pyproject.toml"))

    assert result.exit_code == 2
    assert "has no table [tool.tunedmodels.mockserver]." in result.stderr


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PROT", "1", "There is no variable TUNEDMODELS_MOCKSERVER_PROT; the nearest is TUNEDMODELS_MOCKSERVER_PORT."),
        (
            "PORT",
            "soon",
            "'soon' is not a valid integer range. It comes from the variable TUNEDMODELS_MOCKSERVER_PORT.",
        ),
        ("CONFIG", "/no/such/file", "It comes from the variable TUNEDMODELS_MOCKSERVER_CONFIG."),
    ],
)
def test_a_bad_variable_is_refused(name: str, value: str, sentence: str) -> None:
    """The error names the variable; the status is 2."""
    result = run(**{f"TUNEDMODELS_MOCKSERVER_{name}": value})

    assert result.exit_code == 2
    assert sentence in " ".join(result.stderr.split())


def test_an_error_of_a_flag_does_not_name_the_file(file: Path) -> None:
    """The file sets the same option, but the flag has the bad value."""
    result = run("--port", "soon", "--config", str(file))

    assert result.exit_code == 2
    assert "comes from" not in result.stderr


def test_the_name_of_a_variable_follows_the_option() -> None:
    """The spelling on the command line counts, and not the name of the parameter."""
    options = values(run(TUNEDMODELS_MOCKSERVER_API_KEY="a b"))
    unknown = run(TUNEDMODELS_MOCKSERVER_API_KEYS="a b")

    assert options["api_keys"] == ("a", "b")
    assert unknown.exit_code == 2
    assert "the nearest is TUNEDMODELS_MOCKSERVER_API_KEY." in " ".join(unknown.stderr.split())


def help_of(command: click.Command) -> str:
    """Return the help of a command with its white space folded."""
    return " ".join(CliRunner().invoke(command, ["--help"], terminal_width=300).stdout.split())


def test_help_names_the_variable_of_each_option_of_serve() -> None:
    """Each option has its own variable, named by its spelling."""
    text = help_of(serve)
    names = [variable(option) for option in options(serve)]

    assert len(names) == len(set(names))
    for option, name in zip(options(serve), names, strict=True):
        (spelling,) = option.opts
        assert name == "TUNEDMODELS_MOCKSERVER_" + spelling.strip("-").replace("-", "_").upper()
        assert text.count(f"[env var: {name};") + text.count(f"[env var: {name}]") == 1


def test_help_has_headings() -> None:
    """Each option is there once below its heading, and the list ends with the others."""
    text = CliRunner().invoke(serve, ["--help"]).stdout
    parts = dict(
        zip([*SECTIONS, "Other options"], re.split(r"^[A-Z][a-z ]+:$", text, flags=re.MULTILINE)[1:], strict=True)
    )
    spellings = {option.name: option.opts[0] for option in options(serve)}

    for heading, members in SECTIONS.items():
        assert re.findall(r"^  (--[a-z-]+)", parts[heading], re.MULTILINE) == [spellings[name] for name in members]
    lines = re.findall(r"^  (?:-h, )?(--[a-z-]+)", text, re.MULTILINE)
    assert sorted(lines) == sorted([*spellings.values(), "--help"])


def test_help_of_exec_says_that_its_port_is_a_free_one() -> None:
    """It has no other default and no variable for the port."""
    text = help_of(execute)

    assert "no variable and no file sets it. [default: (a free one); 0<=x<=65535]" in text
    assert "MOCKSERVER_PORT" not in text


def test_no_variable_sets_the_port_of_exec() -> None:
    """exec ignores the variable that sets the port of ``serve``."""
    result = CliRunner(env={"TUNEDMODELS_MOCKSERVER_PORT": "soon"}).invoke(execute, ["--store", "x"])

    assert "Missing argument" in result.stderr


@pytest.mark.parametrize(
    ("option", "text", "step_time"),
    [("--step-time", "tuning-time = 3\n", 1.0), ("--tuning-time", "step-time = 3\n", None)],
)
def test_the_stronger_source_sets_the_pace(option: str, text: str, step_time: float | None, tmp_path: Path) -> None:
    """``--step-time`` and ``--tuning-time`` exclude each other, but a flag overrides the other one in a file."""
    path = tmp_path / "fake.toml"
    path.write_text(text)

    assert settings_of(option, "1", "--config", str(path)).pace.step_time == step_time
