"""The tables of recall storage. The migrations make them, and the index of words that SQLAlchemy has no type for; a
test compares both.

The prefix keeps them apart from the catalog's where both stand in one database.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

HEAD = "0001"
VERSION_TABLE = "recall_version"
Number = BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts up nothing but INTEGER

metadata = MetaData()

owners = Table(
    "recall_owners",
    metadata,
    Column("id", Number, primary_key=True),
    Column("tenant", String(200), nullable=False),
    Column("user", String(200), nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("forgotten", BigInteger, nullable=False),
    UniqueConstraint("tenant", "user", name="uq_recall_owners"),
    sqlite_autoincrement=True,
)
"""Users of tenants. ``revision`` grows with each change of vectors; ``forgotten`` is that of the last deletion."""

conversations = Table(
    "recall_conversations",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("owner", BigInteger, nullable=False),
    Column("begun", Double, nullable=False),
    Column("last", Double, nullable=False),
    Column("messages", BigInteger, nullable=False),
    Column("question", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("summarised", BigInteger, nullable=False),
    Index("ix_recall_conversations_owner", "owner", "last"),
)
"""``messages`` counts the spoken ones, ``last`` is when the last of them was said, ``summarised`` is the id of the last
message that is in the summary."""

messages = Table(
    "recall_messages",
    metadata,
    Column("id", Number, primary_key=True),
    Column("owner", BigInteger, nullable=False),
    Column("conversation", String(40), nullable=False),
    Column("said", Double, nullable=False),
    Column("spoken", Boolean, nullable=False),
    Column("role", String(20), nullable=False),
    Column("content", Text, nullable=False),
    Column("calls", Text, nullable=False),
    Column("call_id", Text, nullable=False),
    Index("ix_recall_messages_conversation", "conversation", "spoken", "id"),
    sqlite_autoincrement=True,
)
"""``calls`` is JSON, empty where there are none. An id is never given twice, whatever is deleted."""

vectors = Table(
    "recall_vectors",
    metadata,
    Column("message", Number, primary_key=True, autoincrement=False),
    Column("owner", BigInteger, nullable=False),
    Column("embedder", String(300), nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Index("ix_recall_vectors_owner", "owner", "embedder", "revision"),
)
"""A row for each spoken message; ``embedder`` is empty until its vector is made (numbers of 16 bits)."""

blocks = Table(
    "recall_blocks",
    metadata,
    Column("owner", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(200), primary_key=True),
    Column("text", Text, nullable=False),
)
"""Core memory."""
