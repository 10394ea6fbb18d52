"""A catalog with very many simulated documents, written in bulk."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Engine, Table

from ingest.catalog import Catalog
from ingest.catalog.job_tables import STAGES, job_log, job_work
from ingest.catalog.rows import names_json, survey_json
from ingest.catalog.tables import aliases, documents, generations, parts, sources
from ingest.types import Names, Survey

BATCH = 10_000
PARTS_EACH = 2
BUCKETS = 10_000
SURVEY = survey_json(Survey("application/pdf", 16))
NAMES = names_json(Names("Document"))

Rows = dict[Table, list[dict[str, Any]]]


def fill(catalog: Catalog, job: str, count: int) -> None:
    """Write down documents of a running job: one half live, a quarter surveyed, a quarter not yet.

    Each has a place, a name, and two parts where it is surveyed; one of a hundred has failed over a part.

    Args:
        catalog: an empty one.
        job: its job.
        count: how many documents.
    """
    engine = catalog._engine
    for start in range(0, count, BATCH):
        rows: Rows = {table: [] for table in (sources, documents, generations, parts, aliases, job_log)}
        for number in range(start, min(start + BATCH, count)):
            for table, row in _document(number, job):
                rows[table].append(row)
        _write(engine, rows)
    now = int(time.time()) // 10
    names = ("parts", "pages", "chunks", *(f"{stage}_ms" for stage in STAGES))
    _write(engine, {job_work: [{"job": job, "bucket": now - at, **dict.fromkeys(names, 9)} for at in range(BUCKETS)]})
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.exec_driver_sql("ANALYZE")


def _write(engine: Engine, rows: Rows) -> None:
    with engine.begin() as connection:
        for table, some in rows.items():
            if some and engine.dialect.name == "postgresql":
                _copy(connection.connection.driver_connection, table, some)
            elif some:
                connection.execute(table.insert(), some)


def _copy(connection: Any, table: Table, rows: list[dict[str, Any]]) -> None:
    columns = ", ".join(f'"{name}"' for name in rows[0])
    with connection.cursor().copy(f"COPY {table.name} ({columns}) FROM STDIN") as to:
        for row in rows:
            to.write_row(tuple(row.values()))


def _document(number: int, job: str) -> Iterator[tuple[Table, dict[str, Any]]]:
    """The rows of a document."""
    id, generation, place = str(uuid.uuid4()), str(uuid.uuid4()), str(uuid.uuid4())
    live, surveyed, broken = number % 4 < 2, number % 4 != 3, number % 100 == 0
    common = {"tenant": "default", "collection": "default"}
    source, sha256 = f"/library/{number // 1000:05}/document {number:07}.pdf", f"{number:064x}"
    yield sources, {"id": place, "place": source, "stamp": "1 2 3", "sha256": sha256, **common}
    yield documents, {"id": id, "source": source, "place": place, "added": time.time(), **common}
    state = {"state": "live" if live else "queued", "page_count": 16 if surveyed else 0, "chunks": 40 if live else 0}
    row = {
        **{"id": generation, "document": id, "sha256": sha256, "claim": sha256, "run": None, "job": job, **common},
        **{"size": 100_000, "attempts": 1, "parser": "1", "added": time.time(), "title": f"Document {number}"},
        **{"survey": SURVEY if surveyed else "", "names": NAMES if surveyed else "", "scanned_pages": "[]", **state},
        **{"missing_pages": "[9]" if broken else "[]", "error": "damaged" if broken else ""},
    }
    yield generations, row
    for at in range(PARTS_EACH if surveyed else 0):
        stored = {"state": "stored" if live else "waiting", "expected": 20 * live, "stored": 20 * live}
        where = {"generation": generation, "number": at, "first": 1 + 8 * at, "last": 8 + 8 * at, "job": job}
        blank = dict.fromkeys(("missing_pages", "scanned_pages"), "[]")
        yield parts, {**where, "attempts": 0, "error": "", **stored, **blank}
    if surveyed:
        yield aliases, {"generation": generation, "alias": f"document {number}", "tenant": "default"}
    entry = {"job": job, "at": time.time(), "document": id, "part": None, "source": source}
    if number % 10 == 0:
        yield job_log, {**entry, "kind": "unreadable" if broken else "lease", "message": "its worker ended"}
