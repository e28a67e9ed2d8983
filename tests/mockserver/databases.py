"""Creates databases for tests: a file, or a new schema in the PostgreSQL at ``TUNEDMODELS_TEST_POSTGRES``."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

POSTGRES = os.environ.get("TUNEDMODELS_TEST_POSTGRES") or "postgresql://postgres@127.0.0.1:5432/test"
IS_DEMANDED = "TUNEDMODELS_TEST_POSTGRES" in os.environ


@cache
def has_postgres() -> bool:
    """Return whether ``POSTGRES`` answers. Raise if the environment demands one and it does not."""
    try:
        psycopg.connect(POSTGRES, connect_timeout=3).close()
    except psycopg.OperationalError:
        if IS_DEMANDED:
            raise
        return False
    return True


@contextmanager
def schema() -> Iterator[str]:
    """Create a schema, yield the URL of a store in it, and drop it at the end."""
    name = f"tunedmodels_{uuid.uuid4().hex}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
        try:
            yield f"{POSTGRES}{'&' if '?' in POSTGRES else '?'}options=-csearch_path%3D{name}"
        finally:
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name)))


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """Yield the URL of an empty store of this *kind*."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'store.db'}"
    elif not has_postgres():
        pytest.skip(f"no PostgreSQL at {POSTGRES}; start one, or name another in TUNEDMODELS_TEST_POSTGRES")
    else:
        with schema() as url:
            yield url
