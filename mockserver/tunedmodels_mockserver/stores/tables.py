"""Defines the tables for worlds. Each change of them needs a new version number; there are no migrations.

Texts are JSON in the form of ``core.codec``. The id of a world is never used again: a request that still uses a dropped
world cannot write into a later world of the same name. ``bases`` never change, and all worlds with the same initial
state share one. A row in ``models`` replaces the record of the base with that id; a null body marks a deleted model.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, MetaData, Table, Text

VERSION = 2

metadata = MetaData()

version = Table("tunedmodels_version", metadata, Column("version", Integer, primary_key=True))

bases = Table(
    "tunedmodels_bases",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("body", Text, nullable=False),
)

worlds = Table(
    "tunedmodels_worlds",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("seed", Text, nullable=False),  # 64 bits, unsigned
    Column("base", ForeignKey(bases.c.digest), nullable=False),
    Column("draws", BigInteger, nullable=False),
    Column("controls", Text, nullable=False),
)


def _of_world() -> Column[str]:
    return Column("world", ForeignKey(worlds.c.id, ondelete="CASCADE"), primary_key=True)


models = Table(
    "tunedmodels_models",
    metadata,
    _of_world(),
    Column("id", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("body", Text),
)
Index("tunedmodels_models_order", models.c.world, models.c.sequence)

examples = Table(
    "tunedmodels_examples",
    metadata,
    _of_world(),
    Column("digest", Text, primary_key=True),
    Column("body", Text, nullable=False),
)

snapshots = Table(
    "tunedmodels_snapshots",
    metadata,
    _of_world(),
    Column("name", Text, primary_key=True),
    Column("base", ForeignKey(bases.c.digest), nullable=False),
    Column("controls", Text, nullable=False),
)
