"""The tables of the catalog. The migrations make them; a test compares both."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Computed,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    and_,
    literal_column,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)


def where(condition: str) -> dict[str, Any]:
    """The options of an index over those rows alone for which a condition holds."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


QUEUED = "state = 'queued'"
WAITING = "state = 'waiting'"
HELD = "run IS NOT NULL"
GONE = "state IN ('replaced', 'deleting', 'dropped')"
LISTED_LENGTH = 400
LIVE = "state = 'live'"
RECEIVING = "state = 'receiving'"
EXPIRING = "expires IS NOT NULL"
GAPS = "state = 'live' AND missing_pages NOT IN ('', '[]')"


epochs = Table(
    "epochs",
    metadata,
    Column("tenant", String(200), primary_key=True),
    Column("epoch", BigInteger, nullable=False),
)
"""One number per tenant that grows whenever what a search may see changes other than by a new document."""

runs = Table(
    "runs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("tenant", String(200), nullable=False, index=True),
    Column("host", String(300), nullable=False),
    Column("process", String(100), nullable=False),
    Column("heartbeat", Double, nullable=False),
    Column("beats", BigInteger, nullable=False, server_default="0"),
    Column("job", String(36), nullable=True),
    Column("doing", Text, nullable=False, server_default=""),
    Column("role", String(20), nullable=False, server_default="ingest"),
)
"""Processes that take documents in; what the run of a dead process has claimed may be taken over. ``beats`` grows with
each sign of life, whatever the clocks show; ``doing`` is what a worker does now, for ``job``. ``role`` is
``ingest`` (reads what it has claimed itself), ``worker``, or ``keeper`` (looks after workers)."""

sources = Table(
    "sources",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("tenant", String(200), nullable=False),
    Column("collection", String(200), nullable=False),
    Column("place", Text, nullable=False),
    Column("stamp", String(100), nullable=False),
    Column("sha256", String(64), nullable=False),
    Index("ix_sources_sha256", "tenant", "collection", "sha256"),
)
"""What was last seen at each place. ``id`` is the id of the place, and of the document that first came from there;
``stamp`` is size, times, inode."""

documents = Table(
    "documents",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("tenant", String(200), nullable=False),
    Column("collection", String(200), nullable=False),
    Column("source", Text, nullable=False),
    Column("added", Double, nullable=False),
    Column("place", String(36), nullable=True, index=True),
    Index("ix_documents_tenant", "tenant", "collection"),
    Column("listed", String(LISTED_LENGTH), Computed(f"substr(source, 1, {LISTED_LENGTH})")),
    Index("ix_documents_listed", "tenant", "collection", "listed", "id"),
)
"""``place`` is the id of the place (see ``sources``) where the document stands, and ``source`` shows that place.
``listed`` is as much of it as PostgreSQL takes into an index; lists are in its order."""

generations = Table(
    "generations",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("document", String(36), ForeignKey("documents.id"), nullable=False, index=True),
    Column("tenant", String(200), nullable=False),
    Column("collection", String(200), nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("size", BigInteger, nullable=False),
    Column("state", String(20), nullable=False),
    Column("claim", String(64), nullable=True, unique=True),
    Column("run", String(36), nullable=True),
    Column("attempts", Integer, nullable=False),
    Column("parser", String(100), nullable=False),
    Column("survey", Text, nullable=False),
    Column("names", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("page_count", Integer, nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("missing_pages", Text, nullable=False),
    Column("scanned_pages", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("added", Double, nullable=False),
    Column("job", String(36), nullable=True),
    Column("deaths", Integer, nullable=False, server_default="0"),
    Index("ix_generations_state", "tenant", "state"),
    Index("ix_generations_job", "job", "state", "id"),
    Index("ix_generations_queued", "job", "page_count", "run", "id", **where(QUEUED)),
    Index("ix_generations_run", "run", **where(HELD)),
    Index("ix_generations_gone", "tenant", **where(GONE)),
    Index("ix_generations_gaps", "job", "state", "id", **where(GAPS)),
    Index("ix_generations_live", "tenant", "collection", "added", "chunks", **where(LIVE)),
)
"""Versions of documents. One that is out of sight until its chunks and bytes are removed is ``replaced`` or
``deleting``, or ``dropped`` if it was still ``queued`` and left nothing in the archive. ``claim`` is a hash of tenant,
collection and bytes while the version is taken in or live, so that the same bytes can be claimed only once. ``run``
holds a version that a process has for itself; of a ``job``'s version it holds the survey only. ``deaths`` are the
processes that ended while they held it."""

parts = Table(
    "parts",
    metadata,
    Column("generation", String(36), ForeignKey("generations.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("first", Integer, nullable=False),
    Column("last", Integer, nullable=False),
    Column("state", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("expected", Integer, nullable=False),
    Column("stored", Integer, nullable=False),
    Column("missing_pages", Text, nullable=False),
    Column("scanned_pages", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("job", String(36), nullable=True),
    Column("run", String(36), nullable=True),
    Column("deaths", Integer, nullable=False, server_default="0"),
    Index("ix_parts_open", "job", "run", "generation", "number", **where(WAITING)),
    Index("ix_parts_run", "run", **where(HELD)),
)
"""Parts of versions. ``job`` is the job that does them; null once the version is out of sight. ``run`` is the lease:
the worker that has the part now."""

aliases = Table(
    "aliases",
    metadata,
    Column("generation", String(36), ForeignKey("generations.id"), primary_key=True),
    Column("alias", String(500), primary_key=True),
    Column("tenant", String(200), nullable=False),
    Index("ix_aliases_alias", "tenant", "alias"),
)

uploads = Table(
    "uploads",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("tenant", String(200), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("name", String(300), nullable=False),
    Column("media_type", String(200), nullable=False),
    Column("purpose", String(50), nullable=False),
    Column("state", String(20), nullable=False),
    Column("created", Double, nullable=False),
    Column("expires", Double, nullable=True),
    Column("host", String(300), nullable=False),
    Column("process", String(100), nullable=False),
    Index("ix_uploads_created", "tenant", "created", "id"),
    Index("ix_uploads_sha256", "tenant", "sha256"),
    Index("ix_uploads_receiving", "host", **where(RECEIVING)),
    Index("ix_uploads_expires", "expires", **where(EXPIRING)),
)
"""Files that came over the API; each keeps its bytes, whether a document has them or not. ``host`` and ``process`` are
those of the writer, for one that is still ``receiving``."""

is_queued = generations.c.state == literal_column("'queued'")
"""Written out, since a database uses a partial index only where it can see that its condition holds."""
is_waiting = parts.c.state == literal_column("'waiting'")
is_gone = generations.c.state.in_([literal_column(f"'{state}'") for state in ("replaced", "deleting", "dropped")])
"""Out of sight, and its chunks and bytes are still to be removed."""
is_live = generations.c.state == literal_column("'live'")
has_gaps = and_(
    generations.c.state == literal_column("'live'"),
    generations.c.missing_pages.not_in([literal_column("''"), literal_column("'[]'")]),
)
"""Live, with pages missing."""
