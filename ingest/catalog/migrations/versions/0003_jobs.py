"""Jobs: who does which part, how far it is, and what happened."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_COUNTERS = (
    *("found", "ignored", "skipped", "unreadable", "opened", "finished", "failed"),
    *("parts", "parts_done", "parts_failed", "pages", "chunks", "leases_lost"),
)


def upgrade() -> None:
    """Make the tables of jobs, and the columns by which parts belong to jobs and to workers."""
    op.add_column("runs", sa.Column("beats", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("runs", sa.Column("job", sa.String(36), nullable=True))
    op.add_column("runs", sa.Column("role", sa.String(20), nullable=False, server_default="ingest"))
    op.add_column("runs", sa.Column("doing", sa.Text(), nullable=False, server_default=""))
    for table in ("generations", "parts"):
        op.add_column(table, sa.Column("job", sa.String(36), nullable=True))
        op.add_column(table, sa.Column("deaths", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("parts", sa.Column("run", sa.String(36), nullable=True))
    op.create_index("ix_generations_job", "generations", ["job", "state", "id"])
    _some("ix_generations_queued", "generations", ["job", "page_count", "run", "id"], "state = 'queued'")
    _some("ix_generations_run", "generations", ["run"], "run IS NOT NULL")
    _some("ix_generations_gone", "generations", ["tenant"], "state IN ('replaced', 'deleting', 'dropped')")
    gaps = "state = 'live' AND missing_pages NOT IN ('', '[]')"
    _some("ix_generations_gaps", "generations", ["job", "state", "id"], gaps)
    _some("ix_parts_open", "parts", ["job", "run", "generation", "number"], "state = 'waiting'")
    _some("ix_parts_run", "parts", ["run"], "run IS NOT NULL")
    # PostgreSQL 18 would not keep it, and cannot index what it does not keep; SQLite cannot add a column that it keeps.
    kept = op.get_bind().dialect.name == "postgresql" or None
    op.add_column("documents", sa.Column("listed", sa.String(400), sa.Computed("substr(source, 1, 400)", kept)))
    op.create_index("ix_documents_listed", "documents", ["tenant", "collection", "listed", "id"])
    _jobs()
    _job_books()
    _schedules()


def _jobs() -> None:
    op.create_table(
        "jobs",
        _text("id", 36),
        _text("tenant", 200),
        _text("kind", 20),
        _text("owner", 200),
        _text("state", 20),
        _number("priority"),
        _text("collection", 200),
        _text("arguments"),
        _text("host", 300),
        _text("step", 20),
        sa.Column("run", sa.String(36), nullable=True),
        _number("deaths"),
        *(_number(name, sa.BigInteger()) for name in _COUNTERS),
        _text("note"),
        _number("created", sa.Double()),
        sa.Column("ended", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
    )
    op.create_index("ix_jobs_tenant", "jobs", ["tenant", "created"])
    op.create_index("ix_jobs_state", "jobs", ["state", "priority", "created"])


def _job_books() -> None:
    op.create_table(
        "job_log",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        _text("job", 36),
        _number("at", sa.Double()),
        _text("kind", 20),
        _text("document", 36),
        sa.Column("part", sa.Integer(), nullable=True),
        _text("source"),
        _text("message"),
        sa.PrimaryKeyConstraint("id", name="pk_job_log"),
    )
    op.create_index("ix_job_log_job", "job_log", ["job", "id"])
    op.create_index("ix_job_log_kind", "job_log", ["job", "kind", "id"])
    _some("ix_job_log_told", "job_log", ["job", "id"], "kind IN ('unreadable', 'difference')")
    op.create_table(
        "job_work",
        _text("job", 36),
        *(_number(name, sa.BigInteger()) for name in ("bucket", "parts", "pages", "chunks")),
        *(_number(name, sa.BigInteger()) for name in ("read_ms", "embed_ms", "store_ms")),
        sa.PrimaryKeyConstraint("job", "bucket", name="pk_job_work"),
    )


def _schedules() -> None:
    op.create_table(
        "schedules",
        _text("id", 36),
        _text("tenant", 200),
        _text("kind", 20),
        _text("collection", 200),
        _text("arguments"),
        _text("host", 300),
        _number("every", sa.Double()),
        _number("due", sa.Double()),
        sa.Column("job", sa.String(36), nullable=True),
        _number("created", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_schedules"),
    )
    op.create_index("ix_schedules_tenant", "schedules", ["tenant", "created"])
    op.create_index("ix_schedules_due", "schedules", ["due"])


def _some(name: str, table: str, columns: list[str], condition: str) -> None:
    """An index over the rows for which a condition holds."""
    where = sa.text(condition)
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def _text(name: str, length: int | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(length) if length else sa.Text(), nullable=False)


def _number(name: str, kind: sa.types.TypeEngine[Any] | None = None) -> sa.Column[Any]:
    return sa.Column(name, kind or sa.Integer(), nullable=False)
