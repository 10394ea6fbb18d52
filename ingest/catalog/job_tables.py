"""The tables of jobs. They stand in the catalog's database, beside what the jobs work on."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, Integer, String, Table, Text, literal_column

from ingest.catalog.tables import metadata, where

TOLD = "kind IN ('unreadable', 'difference')"
COUNTERS = (
    *("found", "ignored", "skipped", "unreadable", "opened", "finished", "failed"),
    *("parts", "parts_done", "parts_failed", "pages", "chunks", "leases_lost"),
)
STAGES = ("read", "embed", "store")

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("tenant", String(200), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("owner", String(200), nullable=False),
    Column("state", String(20), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("collection", String(200), nullable=False),
    Column("arguments", Text, nullable=False),
    Column("host", String(300), nullable=False),
    Column("step", String(20), nullable=False),
    Column("run", String(36), nullable=True),
    Column("deaths", Integer, nullable=False),
    *(Column(name, BigInteger, nullable=False) for name in COUNTERS),
    Column("note", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("ended", Double, nullable=True),
    Index("ix_jobs_tenant", "tenant", "created"),
    Index("ix_jobs_state", "state", "priority", "created"),
)
"""Long work. ``step`` tells whether the part of it that one process does alone (to find the files of an ingest; the
whole of a deletion) is ``waiting`` or ``done``; ``run`` is its lease. ``host`` is the machine that sees its paths."""

job_log = Table(
    "job_log",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("job", String(36), nullable=False),
    Column("at", Double, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("document", String(36), nullable=False),
    Column("part", Integer, nullable=True),
    Column("source", Text, nullable=False),
    Column("message", Text, nullable=False),
    Index("ix_job_log_job", "job", "id"),
    Index("ix_job_log_kind", "job", "kind", "id"),
    Index("ix_job_log_told", "job", "id", **where(TOLD)),
)
"""What happened in a job, in order."""

is_told = job_log.c.kind.in_([literal_column("'unreadable'"), literal_column("'difference'")])
"""Failures that stand nowhere else; written out as in ``ingest.catalog.tables``."""

job_work = Table(
    "job_work",
    metadata,
    Column("job", String(36), primary_key=True),
    Column("bucket", BigInteger, primary_key=True),
    *(Column(name, BigInteger, nullable=False) for name in ("parts", "pages", "chunks")),
    *(Column(f"{stage}_ms", BigInteger, nullable=False) for stage in STAGES),
)
"""How much was done in each ten seconds, and how long its stages took: rates and estimates come from here."""

schedules = Table(
    "schedules",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("tenant", String(200), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("collection", String(200), nullable=False),
    Column("arguments", Text, nullable=False),
    Column("host", String(300), nullable=False),
    Column("every", Double, nullable=False),
    Column("due", Double, nullable=False),
    Column("job", String(36), nullable=True),
    Column("created", Double, nullable=False),
    Index("ix_schedules_tenant", "tenant", "created"),
    Index("ix_schedules_due", "due"),
)
"""Jobs that begin again and again; ``due`` is when the next begins, ``job`` the last one begun."""
