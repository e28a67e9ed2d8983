"""Writes environment variables in the syntax of each shell and of env files."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping


def _sh(name: str, value: str) -> str:
    return f"export {name}={shlex.quote(value)}"


def _fish(name: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{escaped}'"


def _powershell(name: str, value: str) -> str:
    doubled = value.replace("'", "''")
    return f"$Env:{name} = '{doubled}'"


def _dotenv(name: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'{name}="{escaped}"'


def _plain(name: str, value: str) -> str:
    return f"{name}={value}"


_SET: Mapping[str, Callable[[str, str], str]] = {
    "sh": _sh,
    "fish": _fish,
    "powershell": _powershell,
    "dotenv": _dotenv,
    "github": _plain,
}
_UNSET = {
    "sh": "unset {}",
    "fish": "set -e {}",
    "powershell": "Remove-Item Env:{} -ErrorAction SilentlyContinue",
    "dotenv": "{}=",
    "github": "{}=",
}

FORMATS = tuple(_SET)


def exports(variables: Mapping[str, str], form: str) -> str:
    """Return the lines that set *variables* in *form*, one of ``FORMATS``. Values must not contain line ends."""
    return "".join(f"{_SET[form](name, value)}\n" for name, value in variables.items())


def removals(variables: Iterable[str], form: str) -> str:
    """Return the lines that unset *variables*. Env files cannot unset a variable, so there it becomes empty."""
    return "".join(f"{_UNSET[form].format(name)}\n" for name in variables)
