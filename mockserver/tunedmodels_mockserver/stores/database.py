"""Opens a database by its URL, creates its tables, and translates errors of the driver into ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy
from sqlalchemy import event, exc, select
from sqlalchemy.dialects import postgresql, sqlite

from ..core.state.store import StoreUnavailable
from . import tables
from .errors import BadStore
from .statements import Statement, Statements

_BUSY = 30.0  # seconds to wait for a write by another process; writes are short
_CONNECT = 5  # seconds until a server that does not answer counts as unreachable
_CONNECTIONS = 30  # more than the server has worker threads
_LOCK = 0x74756E6564  # PostgreSQL: key of the advisory lock for creating the tables


class WorldGone(Exception):
    """Another process dropped the world of this request."""


class Result(NamedTuple):
    """The rows that a statement returned, and the number of rows that it matched."""

    rows: list[Any]
    matched: int

    @property
    def scalar(self) -> Any:
        """The first column of the first row, or None if there is no row."""
        return self.rows[0][0] if self.rows else None


class Database:
    """The database at *url*, ``sqlite:///file`` or ``postgresql://host/name``, with our tables.

    Raise BadStore if it cannot be reached, has another version, or needs a package that is not installed.
    """

    def __init__(self, url: str) -> None:
        database_url = _parse(url)
        self.kind = database_url.get_backend_name()
        self.place = _display_url(database_url)
        self._engine = _engine(database_url)
        self._driver: Any = self._engine.dialect.dbapi
        self._idle: list[Any] = []  # connections of the driver for ``execute``
        self.statements = Statements(self._engine.dialect, self.insert)
        try:
            self._make_tables()
        except exc.SQLAlchemyError as error:
            self._engine.dispose()
            raise BadStore(f"Cannot use the store {self.place}: {_reason(error)}") from None
        except BadStore:
            self._engine.dispose()
            raise

    def execute(self, statement: Statement, **values: Any) -> Result:
        """Execute *statement* on its own with *values* for its parameters. Raise the same errors as ``autocommit``.

        This leaves out SQLAlchemy's connections and results, which take many times as long as a small read.
        """
        with self._translate_errors():
            connection = self._take_connection()
            try:
                with closing(connection.cursor()) as cursor:
                    cursor.execute(statement.text, statement.parameters(values))
                    result = Result(cursor.fetchall() if cursor.description else [], cursor.rowcount)
            except self._driver.IntegrityError:
                self._idle.append(connection)
                raise
            except BaseException:
                # If the server ended this connection, it probably ended the others, too.
                connection.close()
                self.close()
                raise
            self._idle.append(connection)
            return result

    @contextmanager
    def autocommit(self) -> Iterator[sqlalchemy.Connection]:
        """Yield a connection that commits each statement on its own.

        Raise StoreUnavailable if the database fails. Raise WorldGone if a statement adds rows to a world that does not
        exist.
        """
        with self._translate_errors(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def transaction(self, *, reading: bool = False) -> Iterator[sqlalchemy.Connection]:
        """Yield a connection with one transaction. If *reading*, all statements see the same snapshot."""
        with (
            self._translate_errors(),
            self._engine.connect() as connection,
            self._transaction(connection, reading) as transaction,
        ):
            yield transaction

    def insert(self, table: sqlalchemy.Table) -> Any:
        """Return an INSERT that can handle conflicts. Each SQL dialect has its own."""
        return sqlite.insert(table) if self.kind == "sqlite" else postgresql.insert(table)

    def close(self) -> None:
        """Close all connections that are not in use. Later uses open new ones."""
        while self._idle:
            with suppress(IndexError):  # another thread took the last one
                self._idle.pop().close()
        self._engine.dispose()

    def _take_connection(self) -> Any:
        """Return a connection of the driver that commits each statement on its own."""
        try:
            return self._idle.pop()
        except IndexError:
            pooled = self._engine.raw_connection()
            connection = pooled.dbapi_connection
            pooled.detach()  # the pool no longer counts the connection, nor closes it
            return connection

    @contextmanager
    def _transaction(self, connection: sqlalchemy.Connection, reading: bool) -> Iterator[sqlalchemy.Connection]:
        if self.kind == "postgresql":
            level = "REPEATABLE READ" if reading else "READ COMMITTED"
            connection = connection.execution_options(isolation_level=level)
            with connection.begin():
                yield connection
            return
        # SQLAlchemy leaves BEGIN to the driver, and the driver has no IMMEDIATE. IMMEDIATE takes the write lock at the
        # first statement, so a transaction is never refused halfway.
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
        except (exc.IntegrityError, self._driver.IntegrityError):
            raise WorldGone from None
        except (exc.DBAPIError, exc.TimeoutError, self._driver.Error) as error:
            raise StoreUnavailable(f"The store {self.place} does not answer: {_reason(error)}") from None

    def _make_tables(self) -> None:
        with self._engine.connect() as idle_connection, self._transaction(idle_connection, reading=False) as connection:
            if self.kind == "postgresql":
                connection.execute(select(sqlalchemy.func.pg_advisory_xact_lock(_LOCK)))
            tables.version.create(connection, checkfirst=True)
            stored_version = connection.execute(select(tables.version.c.version)).scalar()
            if stored_version is None:
                tables.metadata.create_all(connection)
                connection.execute(tables.version.insert().values(version=tables.VERSION))
            elif stored_version != tables.VERSION:
                raise BadStore(
                    f"The store {self.place} has version {stored_version}, and this server uses {tables.VERSION}. "
                    "Export its state with the server that made it (GET /_emulator/state?world=*), and --preload it "
                    "into a new store."
                )


def _parse(url: str) -> sqlalchemy.URL:
    try:
        database_url = sqlalchemy.make_url(url)
    except (exc.ArgumentError, ValueError):  # ValueError: a bad port. The URL may have a password
        quoted_url = "The URL" if "@" in url else repr(url)
        raise BadStore(f"{quoted_url} is not a store. Give memory, sqlite:///FILE or postgresql://HOST/NAME.") from None
    kind = database_url.get_backend_name()
    if database_url.drivername not in ("sqlite", "postgresql"):
        raise BadStore(
            f"There is no store of the kind {kind!r}. Give memory, sqlite:///FILE or postgresql://HOST/NAME."
        )
    if kind == "sqlite" and database_url.database in (None, "", ":memory:"):
        raise BadStore("A store of the kind sqlite needs a file: sqlite:///FILE, or sqlite:////FILE from the root.")
    if kind == "sqlite" and (database_url.host or database_url.query):
        raise BadStore("A store of the kind sqlite is a file and nothing else: sqlite:///FILE has three slashes.")
    return database_url.set(drivername="postgresql+psycopg") if kind == "postgresql" else database_url


def _display_url(url: sqlalchemy.URL) -> str:
    """Return *url* as the user gave it, without the password, which may also be in the query."""
    return url.set(drivername=url.get_backend_name(), query={}).render_as_string(hide_password=True)


def _engine(url: sqlalchemy.URL) -> sqlalchemy.Engine:
    # The row count shows whether the row already existed.
    options = {"preserve_rowcount": True}
    common: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "pool_size": _CONNECTIONS, "execution_options": options}
    if url.get_backend_name() == "sqlite":
        folder = Path(url.database or "").parent
        if not folder.is_dir():
            raise BadStore(f"The folder {folder} of the store does not exist. Create it, or name another file.")
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
    # FULL: an acknowledged write survives a crash of the machine, not only of the process.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _reason(error: Exception) -> str:
    """Return the first line of the driver's message, as a sentence."""
    text = str(getattr(error, "orig", None) or error).strip().splitlines()
    return f"{(text[0] if text else type(error).__name__).rstrip('.')}."
