"""Reads options of a command from environment variables and from a configuration file.

The spelling of an option gives the name of its variable: ``--api-key`` is ``TUNEDMODELS_MOCKSERVER_API_KEY``. Flags
take precedence over variables, and variables over ``--config FILE``. The command reads no other file: the behavior of
a server must not depend on the folder in which it starts.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from .. import environment

_TABLE = ("tool", "tunedmodels", "mockserver")
_FROM_FILE = click.core.ParameterSource.DEFAULT_MAP
_FROM_ENVIRONMENT = click.core.ParameterSource.ENVIRONMENT


class ConfigurableCommand(click.Command):
    """A command with options that the environment and a file can set. It refuses unknown variables and unknown names.

    *sections* are the headings under which ``--help`` shows the options, each with the names of the options. Other
    options come last. No variable sets an option that has ``allow_from_autoenv=False``.
    """

    def __init__(
        self,
        name: str | None,
        *,
        params: list[click.Parameter] | None = None,
        sections: Mapping[str, Sequence[str]] | None = None,
        **kwargs: Any,
    ) -> None:
        self.sections = sections or {}
        config = click.Option(
            ["--config"],
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            is_eager=True,
            expose_value=False,
            callback=_configure,
            help="A TOML file that sets options; of a pyproject.toml, the table [tool.tunedmodels.mockserver].",
        )
        super().__init__(name, params=[*(params or ()), config], **kwargs)
        for option in options(self):
            if option.allow_from_autoenv:
                option.envvar, option.show_envvar = variable(option), True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse *args*. An error message names the variable or the file that has the bad value."""
        variables = [variable(option) for option in options(self)]
        for name in environment.option_variables():
            if name not in variables:
                raise click.UsageError(f"There is no variable {name}{_nearest(name, variables)}.", ctx)
        try:
            return super().parse_args(ctx, args)
        except click.BadParameter as error:
            origin = _origin(ctx, error.param)
            if origin is None:
                raise
            text = f"{error.message} It comes from {origin}."
            raise click.BadParameter(text, ctx, error.param, error.param_hint) from None

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under their headings."""
        remaining = {param.name: param for param in self.get_params(ctx) if isinstance(param, click.Option)}
        for heading, names in self.sections.items():
            _write_options(ctx, formatter, heading, [remaining.pop(name) for name in names if name in remaining])
        _write_options(ctx, formatter, "Other options" if self.sections else "Options", list(remaining.values()))


def _write_options(
    ctx: click.Context, formatter: click.HelpFormatter, heading: str, members: Sequence[click.Option]
) -> None:
    records = [record for option in members if (record := option.get_help_record(ctx))]
    if records:
        with formatter.section(heading):
            formatter.write_dl(records)


def _origin(ctx: click.Context, param: click.Parameter | None) -> str | None:
    """Return the source of the value of *param*, or None if it is the command line."""
    source = ctx.get_parameter_source(param.name) if param and param.name else None
    if source is _FROM_ENVIRONMENT and isinstance(param, click.Option):
        return f"the variable {variable(param)}"
    return f"the file {ctx.meta[_configure.__name__]}" if source is _FROM_FILE else None


def options(command: click.Command) -> list[click.Option]:
    """Return the options of *command* that a file and the environment may set, and ``--config``."""
    return [param for param in command.params if isinstance(param, click.Option)]


def variable(option: click.Option) -> str:
    """Return the name of the variable that sets *option*: the prefix and the spelling in capitals."""
    return f"{environment.PREFIX}_{_spelling(option).upper().replace('-', '_')}"


def _spelling(option: click.Option) -> str:
    """Return the name of an option in a file: as on the command line, without the leading dashes."""
    return max(option.opts, key=len).removeprefix("--")


def _configure(ctx: click.Context, _param: click.Parameter, path: Path | None) -> None:
    """Use the file at *path* for the options that nothing else sets."""
    if path is None:
        return
    ctx.meta[_configure.__name__] = path
    options_by_name = {_spelling(option): option for option in options(ctx.command) if option.name != "config"}
    values: dict[str, Any] = {}
    for name, value in _table(path).items():
        if name not in options_by_name:
            raise click.UsageError(f"{path}: there is no option {name!r}{_nearest(name, list(options_by_name))}.", ctx)
        values[options_by_name[name].name or ""] = _value(path, options_by_name[name], value)
    ctx.default_map = values


def _table(path: Path) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        table: Any = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise click.UsageError(f"{path} is not a TOML file: {error}.") from None
    for name in _TABLE if path.name == "pyproject.toml" else ():
        if not isinstance(table, dict) or name not in table:
            raise click.UsageError(f"{path} has no table [{'.'.join(_TABLE)}].")
        table = table[name]
    if not isinstance(table, dict):
        raise click.UsageError(f"{path}: {'.'.join(_TABLE)} is not a table.")
    return table


def _value(path: Path, option: click.Option, value: Any) -> Any:
    """Return *value*, from a file, as the text of the command line. The type of the option checks it later."""
    name = _spelling(option)
    if option.is_flag:
        if not isinstance(value, bool):
            raise click.UsageError(f"{path}: {name} must be true or false, got {value!r}.")
        return value
    if option.multiple:
        if not isinstance(value, list):
            raise click.UsageError(f"{path}: {name} must be a list, got {value!r}.")
        return [_text(path, name, item) for item in value]
    return _text(path, name, value)


def _text(path: Path, name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise click.UsageError(f"{path}: {name} must be text or a number, got {value!r}.")
    return str(value)


def _nearest(name: str, names: list[str]) -> str:
    from ..core.strict_input import nearest

    return nearest(name, names)
