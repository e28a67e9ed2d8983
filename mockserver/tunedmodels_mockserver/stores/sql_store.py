"""Stores one world in a database, which several processes can share and which outlives them.

No request holds a lock. A change names the old value as it was read, and the store refuses the change if the database
no longer has that value. Training examples have rows of their own, and the store reads them only when they are needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from operator import itemgetter
from typing import Any

import sqlalchemy
from sqlalchemy import and_, delete, select, update

from ..core.state.codec import decode, encode
from ..core.state.controls import Controls
from ..core.state.records import Examples, TunedModelRecord
from ..core.state.store import Base, State, StoreUnavailable, items_after
from ..core.strict_input import prepare
from .bases import read_base, write_base
from .cache import Cache
from .database import Database, Result, WorldGone
from .statements import Statement
from .tables import models, snapshots, worlds

_PAGE = 50  # records in one read

prepare(Controls, TunedModelRecord)


class SqlStore:
    """One world in a database, for the duration of one request."""

    def __init__(self, database: Database, cache: Cache, row: Any) -> None:
        self._database = database
        self._statements = database.statements
        self._cache = cache
        self._world: str
        self._base_digest: str
        self._controls: str
        self._world, seed, self._base_digest, self._controls = row
        self._decoded_controls: Controls | None = None
        self.seed = int(seed)

    def controls(self) -> Controls:
        """Return the controls of the world, as they were when it was opened or last changed here."""
        if self._decoded_controls is None:
            text = self._controls
            self._decoded_controls = self._cache.controls(text, lambda: decode(text, Controls, _no_examples))
        return self._decoded_controls

    def replace_controls(self, old: Controls, new: Controls) -> bool:
        """Replace *old* with *new*. Return False if another request changed the controls in the meantime."""
        body = encode_text(new)
        if self._execute(self._statements.replace_controls, old=encode_text(old), new=body).matched:
            self._controls, self._decoded_controls = body, new
            return True
        stored = self._execute(self._statements.read_controls).scalar
        if stored is None:
            raise world_gone()
        self._controls, self._decoded_controls = stored, None
        return False

    def draw(self) -> int:
        """Return the next number of the world's sequence."""
        drawn = self._execute(self._statements.draw).scalar
        if drawn is None:
            raise world_gone()
        return int(drawn)

    def get(self, model_id: str) -> TunedModelRecord | None:
        """Return the record with this id, or None."""
        if not model_id.isprintable() or not model_id.isascii():
            return None  # no id is like this, and no database accepts it
        rows = self._execute(self._statements.read_model, model=model_id).rows
        if not rows:
            return self._base().records.get(model_id)
        (body,) = rows[0]
        return None if body is None else self._record(body)

    def insert(self, record: TunedModelRecord) -> bool:
        """Store *record*. Return False if its id is taken."""
        body = self._write_examples_and_encode(record)
        if record.id not in self._base().records:
            return self._add_row(record, body)
        with self._translate_world_gone(), self._database.autocommit() as connection:
            is_deleted = and_(self._has_id(record.id), models.c.body.is_(None))
            values = {"body": body, "sequence": record.sequence}
            return bool(connection.execute(update(models).where(is_deleted).values(values)).rowcount)

    def replace(self, old: TunedModelRecord, new: TunedModelRecord) -> bool:
        """Replace *old* with *new*. Return False if another request changed the record in the meantime."""
        body = self._write_examples_and_encode(new)
        if self._base().records.get(old.id) == old and self._add_row(new, body):
            return True
        return bool(self._change_row(self._statements.replace_model, old, new=body))

    def delete(self, old: TunedModelRecord) -> bool:
        """Remove *old*. Return False if another request changed the record in the meantime."""
        if old.id not in self._base().records:
            return self._change_row(self._statements.delete_model, old)
        if self._change_row(self._statements.replace_model, old, new=None):
            return True
        return self._base().records[old.id] == old and self._add_row(old, None)

    def records_after(self, sequence: int) -> Iterator[TunedModelRecord]:
        """Yield records in order, page by page. Changes during the iteration may or may not appear."""
        while True:
            page = self._page(sequence)
            yield from (record for _, record in page if record is not None)
            if len(page) < _PAGE:
                return
            sequence = page[-1][0]

    def state(self) -> State:
        """Return the whole state of the world at one moment."""
        select_models = select(models).where(models.c.world == self._world)
        select_world = select(worlds).where(worlds.c.id == self._world)
        with self._database.transaction(reading=True) as connection:
            world = connection.execute(select_world).first()
            model_rows = connection.execute(select_models).all()
        if world is None:
            raise world_gone()
        base = self._base(world.base)
        controls = decode(world.controls, Controls, _no_examples)
        if not model_rows and world.draws == base.draws:
            return State(base, controls)
        records: dict[str, TunedModelRecord | None] = dict(base.records)
        records.update((row.id, None if row.body is None else self._record(row.body)) for row in model_rows)
        present = (record for record in records.values() if record is not None)
        return State(Base.of(present, world.draws), controls)

    def restore(self, state: State) -> None:
        """Replace all records, draws and controls with *state*."""
        digest = write_base(self._database, self._cache, state.base)
        controls = encode_text(state.controls)
        values = {"base": digest, "draws": state.base.draws, "controls": controls}
        with self._database.transaction() as connection:
            statement = update(worlds).where(worlds.c.id == self._world).values(values)
            if not connection.execute(statement).rowcount:
                raise world_gone()
            # Keep the examples: a create that is still running may have found them there.
            connection.execute(delete(models).where(models.c.world == self._world))
        self._base_digest, self._controls, self._decoded_controls = digest, controls, state.controls

    def save_snapshot(self, name: str, state: State) -> None:
        """Store *state* as the snapshot *name*."""
        digest = write_base(self._database, self._cache, state.base)
        values = {"base": digest, "controls": encode_text(state.controls)}
        statement = self._database.insert(snapshots).values(world=self._world, name=name, **values)
        statement = statement.on_conflict_do_update(index_elements=["world", "name"], set_=values)
        with self._translate_world_gone(), self._database.autocommit() as connection:
            connection.execute(statement)

    def snapshot(self, name: str) -> State | None:
        """Return the snapshot *name*, or None."""
        with self._database.autocommit() as connection:
            row = connection.execute(select(snapshots).where(self._has_name(name))).first()
        if row is None:
            return None
        return State(self._base(row.base), decode(row.controls, Controls, _no_examples))

    def snapshot_names(self) -> list[str]:
        """Return the names of the snapshots."""
        with self._database.autocommit() as connection:
            return sorted(
                connection.execute(select(snapshots.c.name).where(snapshots.c.world == self._world)).scalars()
            )

    def delete_snapshot(self, name: str) -> bool:
        """Remove the snapshot *name* and return True, or return False if there is none."""
        with self._database.autocommit() as connection:
            return bool(connection.execute(delete(snapshots).where(self._has_name(name))).rowcount)

    def _has_id(self, model_id: str) -> sqlalchemy.ColumnElement[bool]:
        return and_(models.c.world == self._world, models.c.id == model_id)

    def _has_name(self, name: str) -> sqlalchemy.ColumnElement[bool]:
        return and_(snapshots.c.world == self._world, snapshots.c.name == name)

    def _base(self, digest: str = "") -> Base:
        """Return the base of the world, or the base with *digest*. The database is read once."""
        return read_base(self._database, self._cache, digest or self._base_digest)

    def _record(self, body: str) -> TunedModelRecord:
        return self._cache.record(self._world, body, lambda: decode(body, TunedModelRecord, self._lazy_examples))

    def _lazy_examples(self, digest: str) -> Examples:
        """Return the examples with this digest. Their pairs are read on first use."""

        def read() -> bytes:
            body = database.execute(database.statements.read_examples, world=world, examples=digest).scalar
            if body is None:
                raise world_gone()
            return str(body).encode()

        # The cache keeps the record after this request, so the record must not keep anything of the request.
        world, database, cache = self._world, self._database, self._cache
        return Examples.lazy(digest, lambda: cache.examples(digest, read))

    def _write_examples_and_encode(self, record: TunedModelRecord) -> str:
        """Return *record* as text, after writing its examples into the database."""
        digest = record.examples.digest

        def write() -> bool:
            self._execute(self._statements.add_examples, examples=digest, new=record.examples.json.decode())
            return True

        self._cache.ensure_written(self._world, digest, write)
        return encode_text(record)

    def _page(self, sequence: int) -> list[tuple[int, TunedModelRecord | None]]:
        """Return the next page after *sequence*, in order. The record is None for a deleted model."""
        base = self._base()
        base_records = items_after(base.order, sequence, _PAGE)
        replaced_ids: set[str] = set()
        rows = self._execute(self._statements.read_models, after=sequence, count=_PAGE).rows
        if base_records:
            base_ids = [record.id for record in base_records]
            select_ids = select(models.c.id).where(models.c.world == self._world, models.c.id.in_(base_ids))
            with self._database.autocommit() as connection:
                replaced_ids.update(connection.execute(select_ids).scalars())
        page = {place: None if body is None else self._record(body) for _, place, body in rows}
        for record in base_records:
            page.setdefault(record.sequence, None if record.id in replaced_ids else record)
        return sorted(page.items(), key=itemgetter(0))[:_PAGE]

    def _change_row(self, statement: Statement, old: TunedModelRecord, **values: str | None) -> bool:
        """Execute *statement* for the row of *old*. Return False if the row no longer has *old*."""
        return bool(self._execute(statement, model=old.id, old=encode_text(old), **values).matched)

    def _add_row(self, record: TunedModelRecord, body: str | None) -> bool:
        """Add a row and return True, or return False if the row exists.

        Raise StoreUnavailable if the world was reset since this store was opened: then *record* is from the earlier
        world.
        """
        values = {"model": record.id, "sequence": record.sequence, "new": body, "base": self._base_digest}
        if self._execute(self._statements.add_model, **values).matched:
            return True
        if self._execute(self._statements.read_base).scalar != self._base_digest:
            raise world_gone()
        return False

    def _execute(self, statement: Statement, **values: Any) -> Result:
        """Execute *statement*, which has this world as a parameter."""
        with self._translate_world_gone():
            return self._database.execute(statement, world=self._world, **values)

    @contextmanager
    def _translate_world_gone(self) -> Iterator[None]:
        try:
            yield
        except WorldGone:
            raise world_gone() from None


def encode_text(value: Controls | TunedModelRecord) -> str:
    """Return *value* as text for the database, without training examples."""
    return encode(value, lambda _examples: None).decode()


def _no_examples(digest: str) -> Examples:
    raise ValueError(f"no examples belong here, got {digest!r}")


def world_gone() -> StoreUnavailable:
    """Return the error for a world whose rows no longer exist."""
    return StoreUnavailable("Another request dropped or reset the world in the meantime. Send the request again.")
