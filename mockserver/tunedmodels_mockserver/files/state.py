"""Reads state files as a preload, and writes state files atomically."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec.structs import replace

from ..core.seeding.preload import Models, Preload
from ..core.state import file as state_file
from ..core.state.file import WorldContent
from ..core.state.store import State
from ..core.strict_input import BadInput, convert
from ..stores.errors import BadState
from . import atomic

_YAML = frozenset({".yaml", ".yml"})
_SUFFIXES = _YAML | {".json"}


def read(path: Path) -> Preload:
    """Return the content of the file at *path*, or of all files in the folder: states, and short lists of models.

    Raise BadState if a file cannot be read, or if two files contradict each other about one world.
    """
    try:
        paths = sorted(file for file in path.iterdir() if file.suffix in _SUFFIXES) if path.is_dir() else [path]
        if not paths:
            raise BadState(f"The folder {path} has no file that ends in .json, .yaml or .yml. Put one there.")
        preload = Preload()
        for file in paths:
            preload = _add_file(preload, file, file.read_bytes())
    except OSError as error:
        raise BadState(f"Cannot read {error.filename or path}: {error.strerror or error}.") from None
    return preload


def write(path: Path, worlds: Mapping[str, State]) -> None:
    """Write the state of *worlds* to the file at *path*. Raise BadState if that fails."""
    try:
        atomic.write(path, state_file.write(worlds))
    except OSError as error:
        raise BadState(f"Cannot write the state into {path}: {error.strerror or error}. The old file stays.") from None


def check_writable(path: Path) -> None:
    """Raise BadState if no file can be written at *path*. The server checks this at its start, not only at its end."""
    folder = path.parent
    try:
        folder = atomic.destination(path).parent
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise BadState(f"Cannot write into the folder {folder}: {error.strerror or error}.") from None


def _add_file(preload: Preload, path: Path, data: bytes) -> Preload:
    """Return *preload* with the content *data* of the file at *path* added."""
    try:
        if path.suffix not in _YAML and not _is_short_list(data):
            return _merge_worlds(preload, state_file.read(data), path)
        short = convert(_parse(path, data), Models)
        models, base_models = (*preload.models, *short.models), (*preload.base_models, *short.added_base_models())
        return replace(preload, models=models, base_models=base_models)
    except BadInput as error:
        raise BadState(f"{path}: {error}") from None


def _is_short_list(data: bytes) -> bool:
    """Return whether *data* is a short list: an object with ``models`` or ``baseModels`` and without ``format``."""
    try:
        plain = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return isinstance(plain, dict) and bool(plain.keys() & {"models", "baseModels"}) and "format" not in plain


def _parse(path: Path, data: bytes) -> object:
    if path.suffix not in _YAML:
        return msgspec.json.decode(data)
    from . import yaml_reader  # importing PyYAML is slow, and only YAML files need it

    return yaml_reader.parse(data)


def _merge_worlds(preload: Preload, worlds: Mapping[str, WorldContent], path: Path) -> Preload:
    duplicates = sorted(preload.worlds.keys() & worlds.keys())
    if duplicates:
        raise BadState(
            f"{path} has the world {duplicates[0]!r}, which another file of the folder has, too. Remove one of them."
        )
    return replace(preload, worlds={**preload.worlds, **worlds})
