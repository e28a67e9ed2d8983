"""Reads and writes the YAML of recordings. It has plain values and readable blocks, and its size is limited."""

from __future__ import annotations

import re
from typing import Any

import yaml  # type: ignore[import-untyped, unused-ignore]  # its types are a distribution of their own

from .errors import RecordingError

LIMIT = 64 * 1024 * 1024  # characters of one file
DEPTH = 12  # a recording has six levels and needs no more

_TAG = "tag:yaml.org,2002:"
_PLAIN = frozenset(_TAG + name for name in ("str", "int", "float", "bool", "null", "seq", "map"))
# libyaml's loader is about twenty times faster; both accept the same YAML.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def write(value: Any) -> str:
    """Return *value* as YAML. It may have dicts with text keys, lists, texts, numbers, booleans and None."""
    # Always use the Python emitter. libyaml's escapes some printable characters, and files would differ by machine.
    return str(yaml.serialize(_node(value), Dumper=yaml.SafeDumper, allow_unicode=True, width=float("inf")))


def read(text: str, file: str) -> Any:
    """Return the value of *text*.

    Raises RecordingError, which names *file*, for YAML that ``write`` does not produce.
    """
    if len(text) > LIMIT:
        raise RecordingError(file, "the file", f"has {len(text)} characters", f"at most {LIMIT} are read: split it")
    try:
        _refuse_deep_or_indirect(text, file)
        node = yaml.compose(text, Loader=_LOADER)
        _refuse_odd_nodes(node, file)
        return None if node is None else yaml.constructor.SafeConstructor().construct_document(node)
    except yaml.YAMLError as error:
        raise RecordingError(
            file, "the file", f"is not YAML{_yaml_problem(error)}", "correct it, or record it again"
        ) from None
    except ValueError as error:
        if isinstance(error, RecordingError):
            raise
        raise RecordingError(file, "the file", "has an invalid number", "quote it if it is a text") from None


def _node(value: Any) -> Any:
    if isinstance(value, dict):
        pairs = [(_node(key), _node(inner)) for key, inner in value.items()]
        return yaml.MappingNode(f"{_TAG}map", pairs, flow_style=not pairs)
    if isinstance(value, list):
        return yaml.SequenceNode(f"{_TAG}seq", [_node(inner) for inner in value], flow_style=not value)
    if isinstance(value, str):
        return yaml.ScalarNode(f"{_TAG}str", value, style=_style(value))
    if value is None:
        return yaml.ScalarNode(f"{_TAG}null", "null")
    if isinstance(value, bool):
        return yaml.ScalarNode(f"{_TAG}bool", str(value).lower())
    if isinstance(value, int):
        return yaml.ScalarNode(f"{_TAG}int", str(value))
    # YAML 1.1 reads a number with an exponent but no point as a text.
    return yaml.ScalarNode(f"{_TAG}float", re.sub(r"^(-?\d+)e", r"\1.0e", repr(value)))


def _style(text: str) -> str | None:
    # Only a quoted text keeps special line separators, and spaces before the end of a line.
    if not text.replace("\n", "").isprintable() or re.search(r" (?:\n|\Z)", text):
        return '"'
    return "|" if "\n" in text else None


def _refuse_deep_or_indirect(text: str, file: str) -> None:
    """Refuse deep nesting, anchors, aliases and tags, before any value is built."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        mark: Any = event.start_mark
        line = f"in line {mark.line + 1}"
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEPTH:
            raise RecordingError(file, "the file", f"nests deeper than {DEPTH} levels {line}", "flatten it")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise RecordingError(file, "the file", f"has an anchor or alias {line}", "write the value out")
        if getattr(event, "tag", None):
            raise RecordingError(file, "the file", f"has a tag {line}", "remove the tag")


def _refuse_odd_nodes(node: Any, file: str) -> None:
    if node is None:
        return
    line = f"in line {node.start_mark.line + 1}"
    if node.tag == f"{_TAG}timestamp":
        node.tag = f"{_TAG}str"  # dates and times are read as texts
    if node.tag not in _PLAIN:
        raise RecordingError(file, "the file", f"has a value of an odd type {line}", "quote it")
    if isinstance(node, yaml.SequenceNode):
        for inner in node.value:
            _refuse_odd_nodes(inner, file)
    elif isinstance(node, yaml.MappingNode):
        keys: set[str] = set()
        for key, inner in node.value:
            _refuse_odd_nodes(key, file)
            line = f"in line {key.start_mark.line + 1}"
            if key.tag != f"{_TAG}str":
                raise RecordingError(file, "the file", f"has a key that is not a text {line}", "quote it")
            if key.value in keys:
                raise RecordingError(file, "the file", f"has {key.value!r:.80} twice {line}", "keep one of the two")
            keys.add(key.value)
            _refuse_odd_nodes(inner, file)


def _yaml_problem(error: yaml.YAMLError) -> str:
    # Do not use the error's own text: it quotes the file, which may contain a secret.
    mark = getattr(error, "problem_mark", None)
    return f": {getattr(error, 'problem', None) or 'not readable'}" + (f", line {mark.line + 1}" if mark else "")
