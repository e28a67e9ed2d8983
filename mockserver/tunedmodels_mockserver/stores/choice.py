"""The choice of a store by its URL."""

from __future__ import annotations

from ..core.state.memory import MemoryStores
from ..core.state.store import Stores
from .errors import BadStore

MEMORY = "memory"


def open_stores(url: str) -> Stores:
    """Return the stores at *url*: ``memory``, ``sqlite:///FILE`` or ``postgresql://HOST/NAME``.

    Raises BadStore where they cannot be used.
    """
    if url == MEMORY:
        return MemoryStores()
    try:
        from .sql import SqlStores  # SQLAlchemy takes a while, and most servers never need it
    except ModuleNotFoundError as error:
        raise BadStore(
            f"A store other than memory needs {error.name}: pip install 'tunedmodels[mockserver]'."
        ) from None
    return SqlStores(url)
