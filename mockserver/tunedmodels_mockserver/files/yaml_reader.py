"""Reads YAML, the format in which users write faults, canned rules and models."""

from __future__ import annotations

from typing import Any

import yaml

from ..core.strict_input import BadInput


# The loader in Python, not the one in C: deeply nested YAML crashes the process in the C loader.
class _Loader(yaml.SafeLoader):
    """YAML without dates. A time stays text, because faults take times as text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse(data: bytes) -> Any:
    """Return *data* as plain values, or None if it is empty. Raise BadInput with the place in the text."""
    try:
        return yaml.load(data, _Loader)  # _Loader is a SafeLoader
    except RecursionError:
        raise BadInput("this YAML is nested too deeply.") from None
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or " ".join(str(error).split())
        raise BadInput(f"{place}this is not YAML: {problem}.") from None
