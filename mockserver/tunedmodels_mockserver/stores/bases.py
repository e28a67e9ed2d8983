"""Reads and writes bases, the initial states of worlds and snapshots. All worlds share one copy of each base."""

from __future__ import annotations

from hashlib import blake2b

from sqlalchemy import select

from ..core.state import file as state_file
from ..core.state.controls import Controls
from ..core.state.store import Base, State
from .cache import Cache
from .database import Database
from .tables import bases


def write_base(database: Database, cache: Cache, base: Base) -> str:
    """Return the digest of *base*, and write *base* into the database if it is not there."""

    def write() -> str:
        body = state_file.write({"": State(base, Controls())}).decode()
        digest = blake2b(body.encode(), digest_size=16).hexdigest()
        with database.autocommit() as connection:
            connection.execute(database.insert(bases).values(digest=digest, body=body).on_conflict_do_nothing())
        cache.base(digest, lambda: base)
        return digest

    return cache.digest(base, write)


def read_base(database: Database, cache: Cache, digest: str) -> Base:
    """Return the base with this digest. The database is read once."""

    def read() -> Base:
        with database.autocommit() as connection:
            body = connection.execute(select(bases.c.body).where(bases.c.digest == digest)).scalar_one()
        return state_file.read(body.encode())[""].base

    return cache.base(digest, read)
