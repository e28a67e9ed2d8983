"""The choice of a store by its URL."""

from __future__ import annotations

from ..core.state.memory import MemoryStores
from ..core.state.store import Stores

MEMORY = "memory"


def open_stores(url: str) -> Stores:
    """Return the stores at *url*: ``memory``, ``sqlite:///FILE`` or ``postgresql://HOST/NAME``.

    Raises BadStore where they cannot be used.
    """
    if url == MEMORY:
        return MemoryStores()
    from .sql import SqlStores  # SQLAlchemy takes a while, and most servers never need it

    return SqlStores(url)
