"""Files that came over the API: their bytes are kept for as long as a row names them.

And an index by which it is soon told whether a collection has changed.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TYPICAL = (
    ("uploads", "sqlite_autoindex_uploads_1", "1000000 1"),
    ("uploads", "ix_uploads_created", "1000000 500000 1 1"),
    ("uploads", "ix_uploads_sha256", "1000000 500000 2"),
    ("uploads", "ix_uploads_receiving", "10 5"),
    ("uploads", "ix_uploads_expires", "1000 2"),
    ("generations", "ix_generations_live", "500000 1000 500 1 1"),
)
"""For SQLite's planner, as in 0004. The last is made to look selective, as it is cheap: it is read without the rows."""


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "uploads",
        _text("id", 64),
        _text("tenant", 200),
        _text("sha256", 64),
        _number("size", sa.BigInteger()),
        _text("name", 300),
        _text("media_type", 200),
        _text("purpose", 50),
        _text("state", 20),
        _number("created", sa.Double()),
        sa.Column("expires", sa.Double(), nullable=True),
        _text("host", 300),
        _text("process", 100),
        sa.PrimaryKeyConstraint("id", name="pk_uploads"),
    )
    op.create_index("ix_uploads_created", "uploads", ["tenant", "created", "id"])
    op.create_index("ix_uploads_sha256", "uploads", ["tenant", "sha256"])
    _some("ix_uploads_receiving", "uploads", ["host"], "state = 'receiving'")
    _some("ix_uploads_expires", "uploads", ["expires"], "expires IS NOT NULL")
    _some("ix_generations_live", "generations", ["tenant", "collection", "added", "chunks"], "state = 'live'")
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        insert = sa.text("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (:tbl, :idx, :stat)")
        connection.execute(insert, [dict(zip(("tbl", "idx", "stat"), row, strict=True)) for row in _TYPICAL])
        connection.execute(sa.text("ANALYZE sqlite_master"))  # reads it


def _some(name: str, table: str, columns: list[str], condition: str) -> None:
    """An index over the rows for which a condition holds."""
    where = sa.text(condition)
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _number(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)
