"""The file of faults with which every new world begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from .core.armed import arm
from .core.faults import Fault
from .core.inputs import BadInput
from .core.presets import read_faults


class _Loader(yaml.SafeLoader):
    """YAML without its dates: a time stays the text that a fault takes."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(path: Path) -> tuple[Fault, ...]:
    """Return the faults in the YAML (or JSON) file at *path*. Raises BadInput with the file, the place and the fix."""
    try:
        faults = read_faults(_value(path.read_bytes()))
        arm((), faults, 0, 0)  # for ids that come twice
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror or error}.") from None
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from None
    return faults


def _value(data: bytes) -> Any:
    try:
        value = yaml.load(data, _Loader)  # a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or " ".join(str(error).split())
        raise BadInput(f"{place}this is no YAML: {problem}.") from None
    return [] if value is None else value
