"""Makes databases for tests: a file, or a new schema in the PostgreSQL at ``TUNEDMODELS_TEST_POSTGRES``."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

POSTGRES = os.environ.get("TUNEDMODELS_TEST_POSTGRES") or "postgresql://postgres@127.0.0.1:5432/test"
DEMANDED = "TUNEDMODELS_TEST_POSTGRES" in os.environ


def has_postgres() -> bool:
    """Whether somebody answers at ``POSTGRES``; where one is demanded, nobody is an error."""
    try:
        psycopg.connect(POSTGRES, connect_timeout=3).close()
    except psycopg.OperationalError:
        if DEMANDED:
            raise
        return False
    return True


@contextmanager
def schema() -> Iterator[str]:
    """Make a schema, give the URL of a store that lies in it, and remove it in the end."""
    name = f"tunedmodels_{uuid.uuid4().hex}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
        try:
            yield f"{POSTGRES}{'&' if '?' in POSTGRES else '?'}options=-csearch_path%3D{name}"
        finally:
            connection.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name)))


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """Give the URL of an empty store of this *kind*."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'store.db'}"
    elif not has_postgres():
        pytest.skip(f"no PostgreSQL at {POSTGRES}; start one, or name another in TUNEDMODELS_TEST_POSTGRES")
    else:
        with schema() as url:
            yield url
