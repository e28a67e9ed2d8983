"""A database: opened by its URL, with its tables made, and asked so that foreign errors never leak."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import event, exc, select
from sqlalchemy.dialects import postgresql, sqlite

from ..core.state.store import StoreUnavailable
from . import tables
from .errors import BadStore

_BUSY = 30.0  # seconds to wait for another process's write; none takes long
_CONNECT = 5  # seconds until a server that does not answer counts as unreachable
_CONNECTIONS = 20  # more than waitress has threads
_LOCK = 0x74756E6564  # PostgreSQL: who makes the tables holds this


class WorldGone(Exception):
    """Another process dropped the world that is being asked."""


class Database:
    """The database at *url*, ``sqlite:///file`` or ``postgresql://host/name``, with our tables in it.

    Raises BadStore where it cannot be reached, is of another version, or where a package is missing.
    """

    def __init__(self, url: str) -> None:
        parsed = _parse(url)
        self.kind = parsed.get_backend_name()
        self.place = _display_url(parsed)
        self._engine = _engine(parsed)
        try:
            self._make_tables()
        except exc.SQLAlchemyError as error:
            self._engine.dispose()
            raise BadStore(f"Cannot use the store {self.place}: {_reason(error)}") from None
        except BadStore:
            self._engine.dispose()
            raise

    @contextmanager
    def autocommit(self) -> Iterator[sqlalchemy.Connection]:
        """Give a connection on which each statement stands alone, done when it returns.

        Raises StoreUnavailable, and WorldGone where the rows of a world are to be added that has none.
        """
        with self._translate_errors(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def transaction(self, *, reading: bool = False) -> Iterator[sqlalchemy.Connection]:
        """Give a connection whose statements are done together or not at all; when *reading*, they see one moment."""
        with (
            self._translate_errors(),
            self._engine.connect() as connection,
            self._transaction(connection, reading) as begun,
        ):
            yield begun

    def insert(self, table: sqlalchemy.Table) -> Any:
        """Return an INSERT that may say what becomes of a conflict, which each dialect has for itself."""
        return sqlite.insert(table) if self.kind == "sqlite" else postgresql.insert(table)

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    @contextmanager
    def _transaction(self, connection: sqlalchemy.Connection, reading: bool) -> Iterator[sqlalchemy.Connection]:
        if self.kind == "postgresql":
            level = "REPEATABLE READ" if reading else "READ COMMITTED"
            connection = connection.execution_options(isolation_level=level)
            with connection.begin():
                yield connection
            return
        # SQLAlchemy leaves beginning to the driver, which knows no IMMEDIATE: with the right to write from the first
        # statement on, nobody is refused halfway.
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except exc.IntegrityError:
            raise WorldGone from None
        except (exc.DBAPIError, exc.TimeoutError) as error:
            raise StoreUnavailable(f"The store {self.place} does not answer: {_reason(error)}") from None

    def _make_tables(self) -> None:
        with self._engine.connect() as first, self._transaction(first, reading=False) as connection:
            if self.kind == "postgresql":
                connection.execute(select(sqlalchemy.func.pg_advisory_xact_lock(_LOCK)))
            tables.version.create(connection, checkfirst=True)
            present = connection.execute(select(tables.version.c.version)).scalar()
            if present is None:
                tables.metadata.create_all(connection)
                connection.execute(tables.version.insert().values(version=tables.VERSION))
            elif present != tables.VERSION:
                raise BadStore(
                    f"The store {self.place} is of version {present}, and this server uses {tables.VERSION}. Take its "
                    "state out with the server that made it (GET /_emulator/state?world=*), and --preload it into a "
                    "new store."
                )


def _parse(url: str) -> sqlalchemy.URL:
    try:
        parsed = sqlalchemy.make_url(url)
    except (exc.ArgumentError, ValueError):  # a port that is no number is a ValueError; the URL may hold a password
        quoted_url = "The URL" if "@" in url else repr(url)
        raise BadStore(f"{quoted_url} is no store. Give memory, sqlite:///FILE or postgresql://HOST/NAME.") from None
    kind = parsed.get_backend_name()
    if parsed.drivername not in ("sqlite", "postgresql"):
        raise BadStore(
            f"There is no store of the kind {kind!r}. Give memory, sqlite:///FILE or postgresql://HOST/NAME."
        )
    if kind == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise BadStore("A store of the kind sqlite needs a file: sqlite:///FILE, or sqlite:////FILE from the root.")
    if kind == "sqlite" and (parsed.host or parsed.query):
        raise BadStore("A store of the kind sqlite is a file and nothing else: sqlite:///FILE has three slashes.")
    return parsed.set(drivername="postgresql+psycopg") if kind == "postgresql" else parsed


def _display_url(url: sqlalchemy.URL) -> str:
    """Return *url* as it was given, without the password, which may be among the options, too."""
    return url.set(drivername=url.get_backend_name(), query={}).render_as_string(hide_password=True)


def _engine(url: sqlalchemy.URL) -> sqlalchemy.Engine:
    # The count tells whether a row was there already.
    options = {"preserve_rowcount": True}
    common: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "pool_size": _CONNECTIONS, "execution_options": options}
    if url.get_backend_name() == "sqlite":
        folder = Path(url.database or "").parent
        if not folder.is_dir():
            raise BadStore(f"The folder {folder} of the store is none. Make it, or name another file.")
        engine = sqlalchemy.create_engine(url, connect_args={"timeout": _BUSY}, **common)
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    arguments = {} if "connect_timeout" in url.query else {"connect_timeout": _CONNECT}
    try:
        return sqlalchemy.create_engine(url, connect_args=arguments, **common)
    except ModuleNotFoundError as error:
        raise BadStore(
            f"A store of the kind postgresql needs {error.name}: pip install 'tunedmodels[postgres]'."
        ) from None


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # FULL: what was acknowledged outlives not only the process but the machine.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _reason(error: Exception) -> str:
    """Return the first line of what the driver says, as a sentence."""
    text = str(getattr(error, "orig", None) or error).strip().splitlines()
    return f"{(text[0] if text else type(error).__name__).rstrip('.')}."
