"""Documents: the files that people write for a fake, YAML or JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..core.strict_input import read_json
from . import yaml_reader


def read(path: Path) -> Any:
    """Return what the file at *path* says as plain values, None if it is empty: ``.json`` is JSON, all else YAML.

    Raises OSError if the file cannot be read, and BadInput, with the place in the file, if its text is neither.
    """
    data = path.read_bytes()
    return read_json(data, object) if path.suffix == ".json" and data.strip() else yaml_reader.parse(data)
