"""Tables: how worlds lie in a database. A new version of any of this gets a new number; there are no migrations.

Texts are JSON as ``core.codec`` writes it. A world's row has an id that no other world ever has, so that who still
holds a dropped one cannot write into its successor. ``bases`` never change and are shared by the worlds that begin
so; a row in ``models`` covers what the base has under that id, and a body of null stands for what was deleted.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, MetaData, Table, Text

VERSION = 1

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
    Column("seed", Text, nullable=False),  # 64 bits without a sign
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
