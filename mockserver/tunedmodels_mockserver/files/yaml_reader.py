"""YAML: what people write faults, canned rules and models in."""

from __future__ import annotations

from typing import Any

import yaml

from ..core.strict_input import BadInput


# The loader in Python and not the one in C: nested deep enough, that one takes the process down.
class _Loader(yaml.SafeLoader):
    """YAML without its dates: a time stays the text that a fault takes."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse(data: bytes) -> Any:
    """Return what *data* says as plain values, None where it is empty. Raises BadInput with the place."""
    try:
        return yaml.load(data, _Loader)  # a SafeLoader
    except RecursionError:
        raise BadInput("this is no YAML that can be read: it is nested too deeply.") from None
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        problem = getattr(error, "problem", None) or " ".join(str(error).split())
        raise BadInput(f"{place}this is no YAML: {problem}.") from None
