"""Opens, creates and drops the worlds of a database that several processes can share."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from sqlalchemy import delete, select

from ..core.state.store import State, Store
from .bases import write_base
from .cache import Cache
from .database import Database
from .sql_store import SqlStore, encode_text, world_gone
from .tables import worlds

_ATTEMPTS = 100


class SqlStores:
    """The worlds in the database at *url*. Raise BadStore if the database cannot be used."""

    def __init__(self, url: str) -> None:
        self._database = Database(url)
        self._cache = Cache()
        self.kind = self._database.kind

    def open(self, name: str, begin: Callable[[], tuple[int, State]]) -> Store:
        """Return the store of the world *name*. If the world does not exist, create it with the result of *begin*."""
        for _ in range(_ATTEMPTS):
            rows = self._database.execute(self._database.statements.read_world, name=name).rows
            if rows:
                return SqlStore(self._database, self._cache, rows[0])
            seed, state = begin()
            values = {
                "id": uuid.uuid4().hex,
                "name": name,
                "seed": str(seed),
                "base": write_base(self._database, self._cache, state.base),
                "draws": state.base.draws,
                "controls": encode_text(state.controls),
            }
            with self._database.autocommit() as connection:
                connection.execute(self._database.insert(worlds).values(values).on_conflict_do_nothing())
        raise world_gone()

    def drop(self, name: str) -> None:
        """Remove the world *name* for all processes that share the database."""
        with self._database.autocommit() as connection:
            connection.execute(delete(worlds).where(worlds.c.name == name))

    def names(self) -> list[str]:
        """Return the names of the worlds."""
        with self._database.autocommit() as connection:
            return sorted(connection.execute(select(worlds.c.name)).scalars())

    def close(self) -> None:
        """Close all connections."""
        self._database.close()
