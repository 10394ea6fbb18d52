"""What is told about jobs as a whole: their failures, the end of their logs, and figures for metrics."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, and_, func, select

from ingest.catalog.engine import reading
from ingest.catalog.job_rows import JobState, LogEntry, LogKind, Stages
from ingest.catalog.job_tables import STAGES, is_told, job_log, job_work, jobs
from ingest.catalog.rows import pages_of
from ingest.catalog.tables import documents, generations, has_gaps, parts

STATES: tuple[JobState, ...] = ("running", "paused", "finished", "failed", "cancelled")
MENDED = "mended: "  # what the entries of differences begin with that a verification has mended
FAILURES: tuple[LogKind, ...] = ("unreadable", "failed", "part")
MOST_REASONS = 40
OTHER = "other"
LONGEST_REASON = 120
# Names and paths, ids, numbers: what differs between two failures of the same kind.
_NAMES = re.compile(r"'[^']*'|\"[^\"]*\"|“[^”]*”|\S*/\S*|\b\S+\.[A-Za-z]\w{1,4}\b|\b[0-9a-f]{8}[0-9a-f-]{4,}\b")
_NUMBERS = re.compile(r"\d+(?:[.,:]\d+)*")


@dataclass(frozen=True, slots=True)
class Failure:
    """What could not be done in a job, as it stands now; ``pages`` are those missing in a document that is live."""

    source: str
    reason: str
    document: str = ""
    pages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class JobMetrics:
    """Figures over all jobs of a tenant.

    ``jobs`` counts them by state, ``parts_open`` those parts that wait or are at work, ``parts`` those done by workers
    in ``seconds`` by stage. ``failures`` counts what ever failed, by kinds of reasons, and ``leases_lost`` what workers
    held when they ended or fell silent.
    """

    jobs: dict[str, int]
    parts_open: int
    parts: int
    seconds: Stages
    failures: dict[str, int]
    leases_lost: int


class JobReports:
    """Reads what is told about the jobs of one tenant. Safe to use from any thread."""

    def __init__(self, engine: Engine, tenant: str) -> None:
        self._engine = engine
        self._tenant = tenant

    def failures(self, job: str, most: int) -> tuple[list[Failure], int]:
        """The first failures of a job that a retry has not mended, and how many there are.

        They are files that could not be read, documents that failed, documents with pages missing, and what a
        verification has found and not mended.
        """
        left = (job_log.c.job == job, is_told, ~job_log.c.message.startswith(MENDED))
        entries = select(job_log.c.source, job_log.c.message, job_log.c.document).where(*left)
        of_job = (generations.c.tenant == self._tenant, generations.c.job == job)
        columns = [generations.c[name] for name in ("error", "document", "missing_pages")]
        # An outer join, though each has its document: a database leaves it out where it only counts.
        query = select(documents.c.source, *columns).outerjoin_from(generations, documents)
        failed = query.where(*of_job, generations.c.state == "failed").order_by(generations.c.id)
        gaps = query.where(*of_job, has_gaps).order_by(generations.c.id)
        with reading(self._engine) as connection:
            found, count = _first(connection, entries.order_by(job_log.c.id), most)
            some = [Failure(*row) for row in found]
            found, more = _first(connection, failed, most)
            some += [Failure(*row[:3]) for row in found]
            found, last = _first(connection, gaps, most)
            some += [Failure(row[0], row[1], row[2], pages_of(row[3])) for row in found]
            return some[:most], count + more + last

    def last(self, job: str, most: int) -> list[LogEntry]:
        """The last entries of a job's log, in order."""
        query = select(job_log).where(job_log.c.job == job).order_by(job_log.c.id.desc()).limit(most)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return [
            LogEntry(row.id, row.at, row.kind, row.document, row.part, row.source, row.message)
            for row in reversed(rows)
        ]

    def metrics(self) -> JobMetrics:
        """The figures as they are now."""
        mine = jobs.c.tenant == self._tenant
        open = and_(mine, jobs.c.state.in_(("running", "paused")))
        waiting = select(func.count()).select_from(parts).join(jobs, parts.c.job == jobs.c.id)
        sums = [func.coalesce(func.sum(job_work.c[name]), 0) for name in ("parts", *(f"{s}_ms" for s in STAGES))]
        failed = select(job_log.c.message, func.count()).join(jobs, job_log.c.job == jobs.c.id)
        failed = failed.where(mine, job_log.c.kind.in_(FAILURES)).group_by(job_log.c.message)
        reasons: Counter[str] = Counter()
        with reading(self._engine) as connection:
            states = connection.execute(select(jobs.c.state, func.count()).where(mine).group_by(jobs.c.state))
            by_state = dict.fromkeys(STATES, 0) | {row[0]: row[1] for row in states}
            parts_open = connection.scalar(waiting.where(open, parts.c.state == "waiting")) or 0
            done, *spent = connection.execute(select(*sums).join(jobs, job_work.c.job == jobs.c.id).where(mine)).one()
            lost = connection.scalar(select(func.sum(jobs.c.leases_lost)).where(mine)) or 0
            for message, count in connection.execute(failed):
                reasons[kind_of(message)] += count
        seconds = Stages(*(int(each) / 1000 for each in spent))
        return JobMetrics(by_state, parts_open, int(done), seconds, _commonest(reasons), int(lost))


def kind_of(reason: str) -> str:
    """What a reason has in common with others of its kind: names become ``…`` and numbers ``N``."""
    kind = _NUMBERS.sub("N", _NAMES.sub("…", " ".join(reason.split())))
    return kind if len(kind) <= LONGEST_REASON else kind[: LONGEST_REASON - 1].rstrip() + "…"


def _commonest(reasons: Counter[str]) -> dict[str, int]:
    """The commonest reasons, and the rest of them in one."""
    kept = dict(reasons.most_common(MOST_REASONS))
    rest = reasons.total() - sum(kept.values())
    return kept | ({OTHER: rest + kept.get(OTHER, 0)} if rest else {})


def _first(connection: Connection, query: Any, most: int) -> tuple[Sequence[Any], int]:
    """The first rows of a query, and how many it has."""
    rows = connection.execute(query.limit(most)).all()
    if len(rows) < most:
        return rows, len(rows)
    return rows, connection.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
