"""Opens the right store for a URL."""

from __future__ import annotations

from ..core.state.memory import MemoryStores
from ..core.state.store import Stores

MEMORY = "memory"


def open_stores(url: str) -> Stores:
    """Return the stores at *url*: ``memory``, ``sqlite:///FILE`` or ``postgresql://HOST/NAME``.

    Raise BadStore if they cannot be used.
    """
    if url == MEMORY:
        return MemoryStores()
    from .sql import SqlStores  # importing SQLAlchemy is slow, and most servers do not need it

    return SqlStores(url)
