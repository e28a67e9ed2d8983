"""Compiles the regular expressions and JSON paths of an operator, and limits them so that none can hang the server.

RE2 runs the regular expressions. Its time is proportional to the text, whatever the expression; therefore it has no
look-arounds and no back-references. JSON paths follow RFC 9535, with two limits. The functions ``match`` and ``search``
are missing, because their library backtracks. A path has at most one ``..``.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathQuery

MAX_REGEX = 1000  # characters
MAX_JSON_PATH = 200  # characters
_MEMORY = 4 << 20  # bytes for one expression; limits the growth of counted repetitions


@lru_cache(maxsize=4096)
def regex(text: str) -> Any:
    """Return *text* as a compiled regular expression. Raises ValueError if it is too long or if RE2 refuses it."""
    if len(text) > MAX_REGEX:
        raise ValueError(f"a regex must have at most {MAX_REGEX} characters, got {len(text)}")
    import re2  # few rules need it, so the server starts without it

    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        return re2.compile(text, options)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        raise ValueError(f"{text!r} is not a valid RE2 regex: {reason}") from None


@lru_cache(maxsize=4096)
def json_path(text: str) -> JSONPathQuery:
    """Return *text* as a compiled JSON path. Raises ValueError if it is too long, too costly or invalid."""
    if len(text) > MAX_JSON_PATH:
        raise ValueError(f"a JSON path must have at most {MAX_JSON_PATH} characters, got {len(text)}")
    # Imported here, because it takes longer than all other imports of this module and few rules need it.
    from jsonpath_rfc9535 import JSONPathEnvironment
    from jsonpath_rfc9535.exceptions import JSONPathError

    environment = JSONPathEnvironment()
    functions = _functions(environment)
    for name in ("match", "search"):
        del functions[name]
    try:
        query = environment.compile(text)
    except (JSONPathError, RecursionError) as error:
        raise ValueError(f"{text!r} is not a valid JSON path: {error}") from None
    if len(re.findall(r"\.\.", text)) > 1:
        raise ValueError(f"{text!r} has more than one `..`; a JSON path can have at most one")
    return query


def _functions(environment: JSONPathEnvironment) -> MutableMapping[str, Any]:
    """Return the functions that JSON paths of *environment* may call, by name.

    The library called the attribute ``function_extensions`` before its version 2, which needs Python 3.12.
    """
    name = "functions" if hasattr(environment, "functions") else "function_extensions"
    functions: MutableMapping[str, Any] = getattr(environment, name)
    return functions


def select(path: str, document: Any) -> list[Any]:
    """Return the values that the JSON path *path* finds in *document*, none if *document* is nested too deeply."""
    from jsonpath_rfc9535.exceptions import JSONPathRecursionError

    try:
        return [node.value for node in json_path(path).find(document)]
    except JSONPathRecursionError:
        return []
