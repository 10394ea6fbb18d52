"""What SQLite's planner is told about a large catalog, so that it chooses the same plans at any size.

Without statistics it takes an index over tenant and state for a good way to find one document; and statistics that are
made once, of a small catalog or in the middle of a job, mislead it later. PostgreSQL makes its own as it goes.
"""

from alembic import op
from sqlalchemy import text

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TYPICAL = {
    "sources": {"sqlite_autoindex_sources_1": "1", "ix_sources_sha256": "500000 200000 1"},
    "documents": {
        "sqlite_autoindex_documents_1": "1",
        "ix_documents_tenant": "500000 200000",
        "ix_documents_listed": "500000 200000 1 1",
        "ix_documents_place": "1",
    },
    "generations": {
        "sqlite_autoindex_generations_1": "1",
        "sqlite_autoindex_generations_2": "1",
        "ix_generations_document": "2",
        "ix_generations_sha256": "2",
        "ix_generations_state": "500000 2000",
        "ix_generations_job": "100000 50000 1",
    },
    "parts": {"sqlite_autoindex_parts_1": "2 1"},
    "aliases": {"sqlite_autoindex_aliases_1": "2 1", "ix_aliases_alias": "500000 2"},
    "job_log": {"ix_job_log_job": "10000 1", "ix_job_log_kind": "10000 2000 1"},
    "job_work": {"sqlite_autoindex_job_work_1": "1000 1"},
}
"""How many of a million rows have the same value in the first column of an index, in the first two, and so on."""
_SOME = {
    "generations": {
        "ix_generations_queued": "300000 100000 50000 25000 1",
        "ix_generations_run": "20 4",
        "ix_generations_gone": "100 50",
        "ix_generations_gaps": "10000 1000 1000 1",
    },
    "parts": {"ix_parts_open": "500000 250000 240000 2 1", "ix_parts_run": "20 4"},
    "job_log": {"ix_job_log_told": "10000 100 1"},
}
"""The same for indexes over some of the rows, after the number of these."""


def upgrade() -> None:
    """Write the statistics down; a later ANALYZE may replace them."""
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        return
    connection.execute(text("ANALYZE sqlite_master"))  # makes the table where there is none
    connection.execute(text("DELETE FROM sqlite_stat1"))
    rows = [(table, index, f"1000000 {stat}") for table, some in _TYPICAL.items() for index, stat in some.items()]
    rows += [(table, index, stat) for table, some in _SOME.items() for index, stat in some.items()]
    insert = text("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (:tbl, :idx, :stat)")
    connection.execute(insert, [dict(zip(("tbl", "idx", "stat"), row, strict=True)) for row in rows])
    connection.execute(text("ANALYZE sqlite_master"))  # reads it
