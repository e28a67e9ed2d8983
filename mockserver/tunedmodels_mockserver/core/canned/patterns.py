"""Patterns: regular expressions and JSON paths of an operator, held so that none of them can hang the server.

Regular expressions are RE2's, which take time in proportion to the text whatever they say; so there are no look-arounds
and no back-references. JSON paths are those of RFC 9535 without its functions ``match`` and ``search``, whose library
goes back and forth, and with one ``..`` at most.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import re2

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathQuery

MAX_REGEX = 1000  # characters
MAX_JSON_PATH = 200  # characters
_MEMORY = 4 << 20  # bytes for one expression, so that counted repetitions cannot grow without end


@lru_cache(maxsize=4096)
def regex(text: str) -> Any:
    """Return the regular expression *text*. Raises ValueError for one that is too long or that RE2 does not take."""
    if len(text) > MAX_REGEX:
        raise ValueError(f"a regex must have at most {MAX_REGEX} characters, got {len(text)}")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        return re2.compile(text, options)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        raise ValueError(f"{text!r} is no regex that RE2 takes: {reason}") from None


@lru_cache(maxsize=4096)
def json_path(text: str) -> JSONPathQuery:
    """Return the JSON path *text*. Raises ValueError for one that is too long, too costly, or no JSON path."""
    if len(text) > MAX_JSON_PATH:
        raise ValueError(f"a JSON path must have at most {MAX_JSON_PATH} characters, got {len(text)}")
    # Its import takes longer than that of all else here, and few need it.
    from jsonpath_rfc9535 import JSONPathEnvironment
    from jsonpath_rfc9535.exceptions import JSONPathError

    environment = JSONPathEnvironment()
    functions = _functions(environment)
    for name in ("match", "search"):
        del functions[name]
    try:
        query = environment.compile(text)
    except (JSONPathError, RecursionError) as error:
        raise ValueError(f"{text!r} is no JSON path: {error}") from None
    if len(re.findall(r"\.\.", text)) > 1:
        raise ValueError(f"{text!r} has more than one `..`; a JSON path may have one")
    return query


def _functions(environment: JSONPathEnvironment) -> MutableMapping[str, Any]:
    """Return the functions that JSON paths of *environment* may call, by name.

    The attribute was called ``function_extensions`` before version 2, which needs Python 3.12.
    """
    name = "functions" if hasattr(environment, "functions") else "function_extensions"
    functions: MutableMapping[str, Any] = getattr(environment, name)
    return functions


def select(path: str, document: Any) -> list[Any]:
    """Return the values that the JSON path *path* finds in *document*; none where that is nested too deeply."""
    from jsonpath_rfc9535.exceptions import JSONPathRecursionError

    try:
        return [node.value for node in json_path(path).find(document)]
    except JSONPathRecursionError:
        return []
