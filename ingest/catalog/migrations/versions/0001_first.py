"""The first tables of the catalog."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "epochs",
        _id("tenant", 200),
        _number("epoch", sa.BigInteger()),
        sa.PrimaryKeyConstraint("tenant", name="pk_epochs"),
    )
    op.create_table(
        "runs",
        _id("id", 36),
        _text("tenant", 200),
        _text("host", 300),
        _text("process", 100),
        _number("heartbeat", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_index("ix_runs_tenant", "runs", ["tenant"])
    _places()
    _generations()
    _of_generations()


def _places() -> None:
    op.create_table(
        "sources",
        _id("id", 36),
        _text("tenant", 200),
        _text("collection", 200),
        _text("place"),
        _text("stamp", 100),
        _text("sha256", 64),
        sa.PrimaryKeyConstraint("id", name="pk_sources"),
    )
    op.create_index("ix_sources_sha256", "sources", ["tenant", "collection", "sha256"])
    op.create_table(
        "documents",
        _id("id", 36),
        _text("tenant", 200),
        _text("collection", 200),
        _text("source"),
        _number("added", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_documents"),
    )
    op.create_index("ix_documents_tenant", "documents", ["tenant", "collection"])


def _generations() -> None:
    op.create_table(
        "generations",
        _id("id", 36),
        _text("document", 36),
        _text("tenant", 200),
        _text("collection", 200),
        _text("sha256", 64),
        _number("size", sa.BigInteger()),
        _text("state", 20),
        sa.Column("claim", sa.String(64), nullable=True),
        sa.Column("run", sa.String(36), nullable=True),
        _number("attempts"),
        _text("parser", 100),
        *(_text(name) for name in ("survey", "names", "title")),
        _number("page_count"),
        _number("chunks"),
        *(_text(name) for name in ("missing_pages", "scanned_pages", "error")),
        _number("added", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_generations"),
        sa.ForeignKeyConstraint(["document"], ["documents.id"], name="fk_generations_document"),
        sa.UniqueConstraint("claim", name="uq_generations_claim"),
    )
    op.create_index("ix_generations_document", "generations", ["document"])
    op.create_index("ix_generations_sha256", "generations", ["sha256"])
    op.create_index("ix_generations_state", "generations", ["tenant", "state"])


def _of_generations() -> None:
    op.create_table(
        "parts",
        _id("generation", 36),
        *(_number(name) for name in ("number", "first", "last")),
        _text("state", 20),
        *(_number(name) for name in ("attempts", "expected", "stored")),
        *(_text(name) for name in ("missing_pages", "scanned_pages", "error")),
        sa.PrimaryKeyConstraint("generation", "number", name="pk_parts"),
        sa.ForeignKeyConstraint(["generation"], ["generations.id"], name="fk_parts_generation"),
    )
    op.create_table(
        "aliases",
        _id("generation", 36),
        _text("alias", 500),
        _text("tenant", 200),
        sa.PrimaryKeyConstraint("generation", "alias", name="pk_aliases"),
        sa.ForeignKeyConstraint(["generation"], ["generations.id"], name="fk_aliases_generation"),
    )
    op.create_index("ix_aliases_alias", "aliases", ["tenant", "alias"])


def downgrade() -> None:
    """Drop the tables, the last made first."""
    for table in ("aliases", "parts", "generations", "documents", "sources", "runs", "epochs"):
        op.drop_table(table)


def _id(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _text(name: str, length: int | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(length) if length else sa.Text(), nullable=False)


def _number(name: str, kind: sa.types.TypeEngine[Any] | None = None) -> sa.Column[Any]:
    return sa.Column(name, kind or sa.Integer(), nullable=False)
