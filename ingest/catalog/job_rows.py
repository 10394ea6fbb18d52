"""What the catalog hands out about jobs: frozen records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from ingest.catalog.rows import Part
from ingest.types import Generation

JobKind = Literal["ingest", "delete", "re-embed", "verify", "export", "evaluate"]
JobState = Literal["running", "paused", "cancelled", "finished", "failed"]
LogKind = Literal["state", "unreadable", "failed", "part", "lease", "note", "difference"]
URGENT, USUAL, BULK = 9, 5, 1
"""Priorities: an upload that somebody waits for, what the command line submits, a re-scan by schedule."""


@dataclass(frozen=True, slots=True)
class Counters:
    """How far a job is.

    Documents: ``found`` (taken up by this job), ``ignored`` and ``skipped`` (not of a known format; in the library
    already), ``unreadable`` (failed before they were taken up), ``opened`` (of those found: they do not wait for that
    any more), ``finished``, ``failed``. Parts of the documents that have been surveyed: ``parts``, ``parts_done``,
    ``parts_failed``. ``pages`` and ``chunks`` stored. ``leases_lost``: how often a worker ended, or fell silent, while
    it held something.
    """

    found: int = 0
    ignored: int = 0
    skipped: int = 0
    unreadable: int = 0
    opened: int = 0
    finished: int = 0
    failed: int = 0
    parts: int = 0
    parts_done: int = 0
    parts_failed: int = 0
    pages: int = 0
    chunks: int = 0
    leases_lost: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the catalog knows it.

    ``step`` tells whether what one process does alone (an ingest: to find the files) is still ``waiting`` or ``done``,
    and ``held`` whether a process is at it. ``host`` is the machine that sees the job's paths; empty where any will do.
    ``note`` says what it waits for or why it failed. Times are seconds since 1970.
    """

    id: str
    tenant: str
    kind: JobKind
    owner: str
    state: JobState
    priority: int
    collection: str
    arguments: dict[str, Any]
    host: str
    step: Literal["waiting", "done"]
    held: bool
    counters: Counters
    note: str
    created: float
    ended: float | None

    @property
    def open(self) -> bool:
        """Whether it can still go on."""
        return self.state in ("running", "paused")

    @property
    def unopened(self) -> int:
        """How many of its documents still wait for being opened."""
        return max(self.counters.found - self.counters.opened, 0)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """Something that happened in a job, at a time (seconds since 1970); ``part`` is the part's number."""

    id: int
    at: float
    kind: LogKind
    document: str
    part: int | None
    source: str
    message: str


@dataclass(frozen=True, slots=True)
class Lease:
    """A part that a run has for itself. ``deaths`` counts the processes that ended while they had it."""

    generation: Generation
    part: Part
    deaths: int = 0


@dataclass(frozen=True, slots=True)
class Stages:
    """Seconds that the stages of some parts took."""

    read: float = 0.0
    embed: float = 0.0
    store: float = 0.0


@dataclass(frozen=True, slots=True)
class Work:
    """What was done in ten seconds that began at ``at`` (seconds since 1970)."""

    at: float
    parts: int
    pages: int
    chunks: int
    stages: Stages = field(default_factory=Stages)


@dataclass(frozen=True, slots=True)
class Worker:
    """A process that takes documents in: where it runs, what it does now, and how long ago it gave a sign of life."""

    run: str
    host: str
    process: str
    job: str
    doing: str
    silent: float
    role: str = "worker"


@dataclass(frozen=True, slots=True)
class Schedule:
    """A job that begins every ``every`` seconds, next at ``due``; ``job`` is the last one that it began."""

    id: str
    tenant: str
    kind: JobKind
    collection: str
    arguments: dict[str, Any]
    host: str
    every: float
    due: float
    job: str
