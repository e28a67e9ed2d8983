"""Reads the YAML and JSON files that users write for a mock server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..core.strict_input import read_json


def read(path: Path) -> Any:
    """Return the file at *path* as plain values, or None if it is empty. ``.json`` files are JSON, all others YAML.

    Raise OSError if the file cannot be read. Raise BadInput, with the place in the file, if its text is invalid.
    """
    data = path.read_bytes()
    if path.suffix == ".json" and data.strip():
        return read_json(data, object)
    from . import yaml_reader  # importing PyYAML is slow, and only files in YAML need it

    return yaml_reader.parse(data)
