"""The first tables of the registry."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    _of_keys()
    _of_stores()
    _of_uploads()
    _of_responses()
    _of_runs()
    _of_conversations()
    _of_searches()


def downgrade() -> None:
    """Drop the tables."""
    for name in (
        "secret", "keys", "stores", "attachments", "batches", "uploads", "upload_parts", "responses", "queue",
        "processes", "runs", "events", "conversations", "items", "cache", "snapshots",
    ):  # fmt: skip
        op.drop_table(f"service_{name}")


def _of_keys() -> None:
    op.create_table(
        "service_secret",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "service_keys",
        *_columns("id:80 sha256:64 prefix:200 tenant:200 user:200 name scopes:200"),
        _time("created"),
        *(_time(name, nullable=True) for name in ("expires", "last_used", "revoked")),
        sa.Column("per_minute", sa.Integer(), nullable=False),
        sa.Column("concurrent", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sha256"),
    )
    _index("keys", prefix="prefix", tenant="tenant created id")


def _of_stores() -> None:
    op.create_table(
        "service_stores",
        *_columns("id:80 tenant:200 collection:200 name"),
        _time("created"),
        _time("last_active"),
        sa.Column("expires_after_days", sa.Integer(), nullable=True),
        *_columns("metadata"),
        sa.Column("called", sa.String(200), sa.Computed("substr(name, 1, 200)", persisted=True)),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tenant", "collection", name="uq_service_stores"),
    )
    _index("stores", called="tenant called created id", page="tenant created id")
    op.create_table(
        "service_attachments",
        *_columns("store:80 file:80 tenant:200 sha256:64 name"),
        _time("created"),
        *_columns("attributes batch:80 job:80 chunking"),
        sa.PrimaryKeyConstraint("store", "file"),
    )
    _index("attachments", page="store created file", batch="store batch created file", bytes="store sha256")
    _index("attachments", file="file")
    op.create_table(
        "service_batches",
        *_columns("id:80 tenant:200 store:80 job:80"),
        _time("created"),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    _index("batches", store="store")


def _of_uploads() -> None:
    op.create_table(
        "service_uploads",
        *_columns("id:80 tenant:200 filename purpose:200"),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        *_columns("mime_type:200"),
        _time("created"),
        _time("expires"),
        *_columns("status:200 file:80"),
        sa.Column("expires_after", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    _index("uploads", expires="status expires")
    op.create_table(
        "service_upload_parts",
        *_columns("id:80 upload:80 tenant:200 sha256:64"),
        sa.Column("size", sa.BigInteger(), nullable=False),
        _time("created"),
        sa.PrimaryKeyConstraint("id"),
    )
    _index("upload_parts", page="upload created id")


def _of_responses() -> None:
    op.create_table(
        "service_responses",
        *_columns("id:80 tenant:200 user:200"),
        _time("created"),
        *_columns("status:200 model body input request previous:80 conversation:80 run:80"),
        sa.Column("background", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    _index("responses", page="tenant created id", run="run")
    op.create_table(
        "service_queue",
        *_columns("response:80"),
        _time("created"),
        *_columns("worker:80"),
        _time("until"),
        sa.Column("deaths", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("response"),
    )
    _index("queue", next="created response")


def _of_runs() -> None:
    op.create_table(
        "service_processes",
        *_columns("id:80 host:300 process:100"),
        sa.Column("beats", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "service_runs",
        *_columns("id:80 tenant:200 user:200 kind:200 question collections state:200"),
        _time("created"),
        _time("ended", nullable=True),
        *_columns("outcome cached_from:80 cache_key:200 process:80"),
        sa.PrimaryKeyConstraint("id"),
    )
    _index("runs", page="tenant created id", own="tenant user created id", ended="ended")
    running = sa.text("state = 'running'")
    options: dict[str, Any] = {"sqlite_where": running, "postgresql_where": running}
    op.create_index("ix_service_runs_running", "service_runs", ["process"], **options)
    op.create_table(
        "service_events",
        *_columns("run:80"),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        *_columns("kind:200 data"),
        sa.PrimaryKeyConstraint("run", "seq"),
        sqlite_with_rowid=False,
    )


def _of_conversations() -> None:
    op.create_table(
        "service_conversations",
        *_columns("id:80 tenant:200 user:200 recall:80 metadata"),
        _time("created"),
        sa.Column("last_item", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    _index("conversations", page="tenant created id")
    op.create_table(
        "service_items",
        *_columns("conversation:80"),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        *_columns("id:80 data"),
        sa.PrimaryKeyConstraint("conversation", "seq"),
        sa.UniqueConstraint("conversation", "id", name="uq_service_items"),
    )


def _of_searches() -> None:
    op.create_table(
        "service_cache",
        *_columns("tenant:200 key:200 run:80"),
        _time("created"),
        sa.PrimaryKeyConstraint("tenant", "key"),
    )
    _index("cache", age="tenant created key", run="run")
    op.create_table(
        "service_snapshots",
        *_columns("id:80 tenant:200 user:200 query hits"),
        _time("created"),
        sa.PrimaryKeyConstraint("id"),
    )
    _index("snapshots", age="tenant created id")


def _columns(names: str) -> list[sa.Column[str]]:
    """Columns of text, with the greatest length where they have one."""
    split = [name.partition(":") for name in names.split()]
    return [
        sa.Column(name, sa.String(int(length)) if length else sa.Text(), nullable=False) for name, _, length in split
    ]


def _time(name: str, nullable: bool = False) -> sa.Column[float]:
    return sa.Column(name, sa.Double(), nullable=nullable)


def _index(table: str, **columns: str) -> None:
    for name, each in columns.items():
        op.create_index(f"ix_service_{table}_{name}", f"service_{table}", each.split())
