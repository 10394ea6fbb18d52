"""The tables of the registry. The migrations make them; a test compares both.

The prefix keeps them apart from the catalog's where both stand in one database. Times are seconds since 1970; what is
called JSON is a text, so that both databases give back what was written.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)

HEAD = "0001"
VERSION_TABLE = "service_version"
CALLED_LENGTH = 200
RUNNING = "state = 'running'"

metadata = MetaData()


def _id(name: str = "id", **options: Any) -> Column[str]:
    return Column(name, String(80), nullable=False, **options)


def _name(name: str) -> Column[str]:
    return Column(name, String(200), nullable=False)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _time(name: str, nullable: bool = False) -> Column[float]:
    return Column(name, Double, nullable=nullable)


secrets = Table("service_secret", metadata, Column("id", Integer, primary_key=True, autoincrement=False),
                Column("secret", LargeBinary, nullable=False))  # fmt: skip
"""One row: what signs links."""

keys = Table(
    "service_keys",
    metadata,
    _id(primary_key=True),
    Column("sha256", String(64), nullable=False, unique=True),
    _name("prefix"),
    _name("tenant"),
    _name("user"),
    _text("name"),
    _name("scopes"),
    _time("created"),
    _time("expires", nullable=True),
    _time("last_used", nullable=True),
    _time("revoked", nullable=True),
    Column("per_minute", Integer, nullable=False),
    Column("concurrent", Integer, nullable=False),
    Index("ix_service_keys_prefix", "prefix"),
    Index("ix_service_keys_tenant", "tenant", "created", "id"),
)
"""``scopes`` stand with blanks between. A key is never removed, so that what was open once stays closed."""

stores = Table(
    "service_stores",
    metadata,
    _id(primary_key=True),
    _name("tenant"),
    _name("collection"),
    _text("name"),
    _time("created"),
    _time("last_active"),
    Column("expires_after_days", Integer, nullable=True),
    _text("metadata"),
    Column("called", String(CALLED_LENGTH), Computed(f"substr(name, 1, {CALLED_LENGTH})", persisted=True)),
    Index("ix_service_stores_called", "tenant", "called", "created", "id"),
    UniqueConstraint("tenant", "collection", name="uq_service_stores"),
    Index("ix_service_stores_page", "tenant", "created", "id"),
)
"""Vector stores: what OpenAI's API tells of a collection beside its documents. ``metadata`` is JSON; ``called`` is as
much of the name as PostgreSQL takes into an index."""

attachments = Table(
    "service_attachments",
    metadata,
    _id("store", primary_key=True),
    _id("file", primary_key=True),
    _name("tenant"),
    Column("sha256", String(64), nullable=False),
    _text("name"),
    _time("created"),
    _text("attributes"),
    _id("batch"),
    _id("job"),
    _text("chunking"),
    Index("ix_service_attachments_page", "store", "created", "file"),
    Index("ix_service_attachments_batch", "store", "batch", "created", "file"),
    Index("ix_service_attachments_bytes", "store", "sha256"),
    Index("ix_service_attachments_file", "file"),
)
"""Which file is in which store. ``attributes`` and ``chunking`` are JSON."""

batches = Table(
    "service_batches",
    metadata,
    _id(primary_key=True),
    _name("tenant"),
    _id("store"),
    _id("job"),
    _time("created"),
    Column("cancelled", Boolean, nullable=False),
    Index("ix_service_batches_store", "store"),
)
"""Files that came into a store together."""

uploads = Table(
    "service_uploads",
    metadata,
    _id(primary_key=True),
    _name("tenant"),
    _text("filename"),
    _name("purpose"),
    Column("bytes", BigInteger, nullable=False),
    _name("mime_type"),
    _time("created"),
    _time("expires"),
    _name("status"),
    _id("file"),
    Column("expires_after", Integer, nullable=True),
    Index("ix_service_uploads_expires", "status", "expires"),
)
"""Files that come in parts. ``bytes`` is how many are announced; ``file`` is what became of them, which lasts
``expires_after`` seconds."""

upload_parts = Table(
    "service_upload_parts",
    metadata,
    _id(primary_key=True),
    _id("upload"),
    _name("tenant"),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    _time("created"),
    Index("ix_service_upload_parts_page", "upload", "created", "id"),
)

responses = Table(
    "service_responses",
    metadata,
    _id(primary_key=True),
    _name("tenant"),
    _name("user"),
    _time("created"),
    _name("status"),
    _text("model"),
    _text("body"),
    _text("input"),
    _text("request"),
    _id("previous"),
    _id("conversation"),
    _id("run"),
    Column("background", Boolean, nullable=False),
    Index("ix_service_responses_page", "tenant", "created", "id"),
    Index("ix_service_responses_run", "run"),
)
"""``body`` (OpenAI's response), ``input`` (its items) and ``request`` (what a worker needs to answer) are JSON."""

queue = Table(
    "service_queue",
    metadata,
    _id("response", primary_key=True),
    _time("created"),
    _id("worker"),
    _time("until"),
    Column("deaths", Integer, nullable=False),
    Index("ix_service_queue_next", "created", "response"),
)
"""Responses that workers are to answer. ``worker`` has one until ``until``, unless it asks for longer; ``deaths`` are
the workers that never came back."""

processes = Table(
    "service_processes",
    metadata,
    _id(primary_key=True),
    Column("host", String(300), nullable=False),
    Column("process", String(100), nullable=False),
    Column("beats", BigInteger, nullable=False),
)
"""Processes that answer questions. ``beats`` grows with each sign of life, whatever the clocks show."""

runs = Table(
    "service_runs",
    metadata,
    _id(primary_key=True),
    _name("tenant"),
    _name("user"),
    _name("kind"),
    _text("question"),
    _text("collections"),
    _name("state"),
    _time("created"),
    _time("ended", nullable=True),
    _text("outcome"),
    _id("cached_from"),
    _name("cache_key"),
    _id("process"),
    Index("ix_service_runs_page", "tenant", "created", "id"),
    Index("ix_service_runs_own", "tenant", "user", "created", "id"),
    Index("ix_service_runs_ended", "ended"),
    Index("ix_service_runs_running", "process", sqlite_where=text(RUNNING), postgresql_where=text(RUNNING)),
)
"""``collections`` is JSON."""

events = Table(
    "service_events",
    metadata,
    _id("run", primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    _name("kind"),
    _text("data"),
    sqlite_with_rowid=False,
)
"""What happened in a run. Without a rowid SQLite writes each of them once, and those of a run side by side."""

conversations = Table(
    "service_conversations",
    metadata,
    _id(primary_key=True),
    _name("tenant"),
    _name("user"),
    _id("recall"),
    _text("metadata"),
    _time("created"),
    Column("last_item", BigInteger, nullable=False),
    Index("ix_service_conversations_page", "tenant", "created", "id"),
)
"""``recall`` is the id of the same conversation in recall storage; ``last_item`` the number
that was given to an item last."""

items = Table(
    "service_items",
    metadata,
    _id("conversation", primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    _id("id"),
    _text("data"),
    UniqueConstraint("conversation", "id", name="uq_service_items"),
)

cache = Table(
    "service_cache",
    metadata,
    Column("tenant", String(200), primary_key=True),
    Column("key", String(200), primary_key=True),
    _id("run"),
    _time("created"),
    Index("ix_service_cache_age", "tenant", "created", "key"),
    Index("ix_service_cache_run", "run"),
)
"""Which run answered what is asked by this key."""

snapshots = Table(
    "service_snapshots",
    metadata,
    _id(primary_key=True),
    _name("tenant"),
    _name("user"),
    _text("query"),
    _text("hits"),
    _time("created"),
    Index("ix_service_snapshots_age", "tenant", "created", "id"),
)
"""What searches found; ``hits`` is JSON."""

is_running = runs.c.state == literal_column("'running'")
"""Written out, since a database uses a partial index only where it can see that its condition holds."""
