"""The extra ``mockserver``: the modules that the mock server needs and a plain install does not have."""

from __future__ import annotations

import sys

MODULES = frozenset(
    {
        "cachetools",
        "cryptography",
        "flask",
        "jsonpath_rfc9535",
        "msgspec",
        "num2words",
        "prometheus_client",
        "psutil",
        "rapidfuzz",
        "re2",
        "sqlalchemy",
        "waitress",
        "werkzeug",
        "yaml",
    }
    | ({"tomli"} if sys.version_info < (3, 11) else set())
)


def advice(error: ModuleNotFoundError, modules: frozenset[str], command: str, extra: str) -> str:
    """Return the sentence that says which *extra* brings the missing module that *command* needs.

    *modules* are those of the extra. Raises *error* again if its module is none of these: that is a bug.
    """
    if error.name not in modules:
        raise error
    return f"{command} needs {error.name}, which is not installed: pip install 'tunedmodels[{extra}]'"
