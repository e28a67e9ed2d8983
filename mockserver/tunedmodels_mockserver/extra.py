"""Lists the modules of the extra ``mockserver``. The mock server needs them, and a plain install does not have them."""

from __future__ import annotations

import sys

MODULES = frozenset(
    {
        "cachetools",
        "cryptography",
        "flask",
        "httptools",
        "jsonpath_rfc9535",
        "msgspec",
        "num2words",
        "prometheus_client",
        "rapidfuzz",
        "re2",
        "sqlalchemy",
        "werkzeug",
        "yaml",
    }
    | ({"tomli"} if sys.version_info < (3, 11) else set())
)


def advice(error: ModuleNotFoundError, modules: frozenset[str], command: str, extra: str) -> str:
    """Return a sentence that says which *extra* installs the missing module for *command*.

    *modules* are the modules of the extra. Raise *error* again if its module is not one of them: then it is a bug.
    """
    if error.name not in modules:
        raise error
    return f"{command} needs {error.name}, which is not installed: pip install 'tunedmodels[{extra}]'"
