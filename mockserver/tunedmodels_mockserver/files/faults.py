"""Reads the file of faults with which every new world begins."""

from __future__ import annotations

from pathlib import Path

from ..core.faults.armed_faults import arm
from ..core.faults.fault import Fault
from ..core.faults.presets import read_faults
from ..core.strict_input import BadInput
from . import documents


def read(path: Path) -> tuple[Fault, ...]:
    """Return the faults in the YAML or JSON file at *path*. Raise BadInput with the file, the place and the fix."""
    try:
        value = documents.read(path)
        faults = read_faults([] if value is None else value)
        arm((), faults, 0, 0)  # raises for duplicate ids
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror or error}.") from None
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from None
    return faults
