"""Reads canned rules from YAML or JSON files and from folders, and reads them again after a change."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from ..core.base_models import BASE_MODELS
from ..core.canned import rules
from ..core.canned.model_checks import check_models
from ..core.canned.rulebook import FileRules, RuleFile
from ..core.canned.rules import Rule, Rules
from ..core.strict_input import BadInput, convert
from ..log import LOG
from . import documents

SUFFIXES = frozenset({".yaml", ".yml", ".json"})

_Stamp = tuple[int, int, int]  # time of change, size, inode


class _FileRules(msgspec.Struct, frozen=True):
    """The result of the last read of a file. With a ``problem``, the rules are those of the last good version."""

    stamp: _Stamp | None
    rules: tuple[Rule, ...] = ()
    strict: bool = False
    problem: str = ""


class RuleFiles:
    """The canned rules in the files and folders *paths*, for a server with *base_models*.

    Raise BadInput for a file that does not exist, is empty or does not contain rules. A folder without rule files gets
    a warning in the log, because files may be added later.
    """

    def __init__(self, paths: Iterable[str | Path], base_models: Collection[str] = frozenset(BASE_MODELS)) -> None:
        self._paths = [Path(path) for path in paths]
        self._base_models = base_models
        self._lock = threading.Lock()
        self._read: dict[Path, _FileRules] = {}
        self._combined = FileRules()
        for path in self._paths:
            if not path.exists():
                raise BadInput(f"There is no file or folder {path}.")
            if path.is_dir() and not any(_rule_files_in(path)):
                LOG.warning("%s has no file of canned rules yet (%s).", path, ", ".join(sorted(SUFFIXES)))
        for path in self._files():
            self._read[path] = _read_file(path, _stamp(path), self._base_models)
        self._combine(list(self._read))

    def current_rules(self) -> FileRules:
        """Return the rules of the current files. A bad file keeps its earlier rules, and the log reports it."""
        if not self._paths:
            return self._combined
        with self._lock:
            files = list(self._files())
            stamps = {path: _stamp(path) for path in files}
            if stamps == {path: read.stamp for path, read in self._read.items()}:
                return self._combined
            self._read = {path: self._reread(path, stamp) for path, stamp in stamps.items()}
            self._combine(files)
            return self._combined

    def _files(self) -> Iterator[Path]:
        for path in self._paths:
            if path.is_dir():
                yield from _rule_files_in(path)
            else:
                yield path

    def _reread(self, path: Path, stamp: _Stamp | None) -> _FileRules:
        last_read = self._read.get(path, _FileRules(None))
        if stamp == last_read.stamp and path in self._read:
            return last_read
        try:
            return _read_file(path, stamp, self._base_models)
        except BadInput as error:
            LOG.error("%s The earlier rules stay.", error)
            return _FileRules(stamp, last_read.rules, last_read.strict, str(error))

    def _combine(self, files: list[Path]) -> None:
        reads = {path: self._read[path] for path in files}
        self._combined = FileRules(
            tuple(rule for read in reads.values() for rule in read.rules),
            any(read.strict for read in reads.values()),
            tuple(RuleFile(str(path), len(read.rules), read.problem) for path, read in reads.items()),
        )


def _rule_files_in(folder: Path) -> list[Path]:
    """Return the rule files in *folder*, sorted by name."""
    return sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES and path.is_file())


def read_rules(value: Any, base_models: Collection[str]) -> Rules:
    """Return the rules in *value*, plain values: a list of rules, or an object with ``rules`` and ``strict``.

    Raise BadInput for bad rules, and for a rule that matches no model of a server with *base_models*.
    """
    rule_set = convert(value, Rules | tuple[Rule, ...])  # type: ignore[arg-type]
    all_rules = rule_set if isinstance(rule_set, Rules) else Rules(rule_set)
    check_models(all_rules.rules, base_models)
    return all_rules


def _read_file(path: Path, stamp: _Stamp | None, base_models: Collection[str]) -> _FileRules:
    """Return the rules in the file at *path*. Raise BadInput with the name of the file."""
    try:
        value = documents.read(path)
        if value is None:
            raise BadInput("the file contains no rule. Write one, such as {answer: Hello}, or [] for none.")
        rule_set = read_rules(value, base_models)
        return _FileRules(stamp, tuple(_with_ids(path, rule_set.rules)), rule_set.strict)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror or error}.") from None
    except ValueError as error:
        raise BadInput(f"{path}: {error}") from None


def _with_ids(path: Path, rule_set: tuple[Rule, ...]) -> Iterator[Rule]:
    """Yield the rules with ids that are unique across files. A rule without id gets its position and digest as id."""
    used_names: set[str] = set()
    for number, rule in enumerate(rule_set, start=1):
        name = rule.id or f"{number}-{rules.digest(rule)}"
        try:
            rules.check_id(name)
        except ValueError as error:
            raise BadInput(f"{error} - at `$.rules[{number - 1}].id`.") from None
        if name in used_names:
            raise BadInput(f"There are two rules {name!r}. Give one of them another id.")
        used_names.add(name)
        yield msgspec.structs.replace(rule, id=f"{path}#{name}")


def _stamp(path: Path) -> _Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
