"""The first tables of recall storage."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables, and the index of words in the way of the database."""
    _of_people()
    _of_messages()
    for statement in WORDS[op.get_bind().dialect.name]:
        op.execute(statement)


# SQLite: the text stands in recall_messages alone. PostgreSQL: words as docqa.memory.recall.words has made them.
WORDS = {
    "sqlite": (
        "CREATE VIRTUAL TABLE recall_words USING fts5(owner, content, content='recall_messages', content_rowid='id', "
        "tokenize='porter unicode61 remove_diacritics 2')",
    ),
    "postgresql": (
        "CREATE TABLE recall_words (message BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)",
        "CREATE INDEX ix_recall_words ON recall_words USING gin (words)",
    ),
}


def _of_people() -> None:
    op.create_table(
        "recall_owners",
        sa.Column("id", NUMBER, nullable=False),
        _text("tenant", 200),
        _text("user", 200),
        _number("revision"),
        _number("forgotten"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("tenant", "user", name="uq_recall_owners"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "recall_blocks",
        _number("owner"),
        _text("name", 200),
        _text("text"),
        sa.PrimaryKeyConstraint("owner", "name"),
    )
    op.create_table(
        "recall_conversations",
        _text("id", 40),
        _number("owner"),
        _number("begun", sa.Double()),
        _number("last", sa.Double()),
        _number("messages"),
        _text("question"),
        _text("summary"),
        _number("summarised"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_recall_conversations_owner", "recall_conversations", ["owner", "last"])


def _of_messages() -> None:
    op.create_table(
        "recall_messages",
        sa.Column("id", NUMBER, nullable=False),
        _number("owner"),
        _text("conversation", 40),
        _number("said", sa.Double()),
        sa.Column("spoken", sa.Boolean(), nullable=False),
        _text("role", 20),
        *(_text(name) for name in ("content", "calls", "call_id")),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_recall_messages_conversation", "recall_messages", ["conversation", "spoken", "id"])
    op.create_table(
        "recall_vectors",
        sa.Column("message", NUMBER, nullable=False, autoincrement=False),
        _number("owner"),
        _text("embedder", 300),
        _number("revision"),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("message"),
    )
    op.create_index("ix_recall_vectors_owner", "recall_vectors", ["owner", "embedder", "revision"])


def downgrade() -> None:
    """Drop the tables."""
    for name in ("words", "vectors", "messages", "conversations", "blocks", "owners"):
        op.drop_table(f"recall_{name}")


def _text(name: str, length: int | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.String(length) if length else sa.Text(), nullable=False)


def _number(name: str, kind: sa.types.TypeEngine[Any] | None = None) -> sa.Column[Any]:
    return sa.Column(name, kind or sa.BigInteger(), nullable=False)
