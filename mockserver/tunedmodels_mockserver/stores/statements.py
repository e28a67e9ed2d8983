"""Compiles the statements of requests once, because SQLAlchemy takes longer to compile than a database to answer.

Statements that no request for a model needs are in ``sql.py``, ``sql_store.py`` and ``bases.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Text, and_, bindparam, cast, delete, select, update
from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement

from .tables import examples, models, worlds


class Statement:
    """A statement as text of one SQL dialect. Its parameters have names."""

    __slots__ = ("_defaults", "_order", "text")

    def __init__(self, statement: ClauseElement, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        self._defaults: dict[str, Any] = dict(compiled.params or {})
        self._order: list[str] | None = getattr(compiled, "positiontup", None)

    def parameters(self, values: Mapping[str, Any]) -> Any:
        """Return *values*, by the names of the parameters, in the form that the driver takes."""
        named = {**self._defaults, **values}
        return named if self._order is None else [named[name] for name in self._order]


class Statements:
    """The statements of requests, in the SQL of *dialect*. ``insert`` makes an INSERT that can handle conflicts.

    ``world`` and ``id`` are parameters of each statement about a model; the others are those of the columns.
    """

    def __init__(self, dialect: Dialect, insert: Callable[[Any], Any]) -> None:
        def parameter(name: str) -> Any:
            return bindparam(name, type_=Text())

        def compiled(statement: ClauseElement) -> Statement:
            return Statement(statement, dialect)

        in_world = worlds.c.id == parameter("world")
        has_id = and_(models.c.world == parameter("world"), models.c.id == parameter("model"))
        is_unchanged = and_(has_id, models.c.body == parameter("old"))
        of_digest = and_(examples.c.world == parameter("world"), examples.c.digest == parameter("examples"))

        self.read_world = compiled(
            select(worlds.c.id, worlds.c.seed, worlds.c.base, worlds.c.controls).where(
                worlds.c.name == parameter("name")
            )
        )
        self.read_controls = compiled(select(worlds.c.controls).where(in_world))
        self.read_base = compiled(select(worlds.c.base).where(in_world))
        self.replace_controls = compiled(
            update(worlds).where(in_world, worlds.c.controls == parameter("old")).values(controls=parameter("new"))
        )
        self.draw = compiled(update(worlds).where(in_world).values(draws=worlds.c.draws + 1).returning(worlds.c.draws))
        self.read_model = compiled(select(models.c.body).where(has_id))
        self.replace_model = compiled(update(models).where(is_unchanged).values(body=parameter("new")))
        self.delete_model = compiled(delete(models).where(is_unchanged))
        self.read_models = compiled(
            select(models.c.id, models.c.sequence, models.c.body)
            .where(models.c.world == parameter("world"), models.c.sequence > bindparam("after"))
            .order_by(models.c.sequence)
            .limit(bindparam("count"))
        )
        # The lock prevents a reset of the world between the check and the insert. SQLite does not need it.
        row = (parameter("world"), parameter("model"), bindparam("sequence", type_=models.c.sequence.type))
        new_row = select(*row, cast(parameter("new"), Text)).where(in_world, worlds.c.base == parameter("base"))
        self.add_model = compiled(
            insert(models)
            .from_select(["world", "id", "sequence", "body"], new_row.with_for_update(read=True))
            .on_conflict_do_nothing()
        )
        self.read_examples = compiled(select(examples.c.body).where(of_digest))
        self.add_examples = compiled(
            insert(examples)
            .values(world=parameter("world"), digest=parameter("examples"), body=parameter("new"))
            .on_conflict_do_nothing()
        )
