"""A client for the Gemini API's model tuning.

``_exports`` lists the public names. They are imported at first use: the command imports this package too, and its
``--help`` needs neither requests nor google-auth.
"""

from __future__ import annotations

# Not from typing: a command imports this before it handles signals, and the import of typing takes time.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._exports import *  # noqa: F403

#: The version of the distribution.
__version__: str


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "__version__":
        return import_module("importlib.metadata").version("tunedmodels")
    if name == "errors":  # _exports itself imports it
        return import_module(".errors", __name__)
    if name == "__all__" or not name.startswith("_"):
        exports = {key: value for key, value in vars(import_module("._exports", __name__)).items() if key[0] != "_"}
        globals().update(exports, __all__=sorted(exports))
        if name in globals():
            return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__getattr__("__all__"), "__version__"})
