"""How a job is written down and read again."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from sqlalchemy import Connection, Row, insert

from ingest.catalog.job_books import log
from ingest.catalog.job_rows import Counters, Job, JobKind
from ingest.catalog.job_tables import COUNTERS, jobs
from ingest.catalog.rows import printable


def create(
    connection: Connection,
    tenant: str,
    kind: JobKind,
    collection: str,
    arguments: dict[str, Any],
    owner: str,
    priority: int,
    host: str,
) -> str:
    """Write a job down within a transaction, and return its id; ``host`` is the machine that sees its paths."""
    id = str(uuid.uuid4())
    values = {
        "id": id,
        "tenant": tenant,
        "kind": kind,
        "owner": printable(owner)[:200],
        "state": "running",
        "priority": priority,
        "collection": collection,
        "arguments": json.dumps(arguments),
        "host": host,
        "step": "waiting",
        "deaths": 0,
        "note": "",
        "created": time.time(),
        **dict.fromkeys(COUNTERS, 0),
    }
    connection.execute(insert(jobs).values(values))
    log(connection, id, "state", "begun")
    return id


def job_of(row: Row[Any]) -> Job:
    """A job out of its row."""
    return Job(
        id=row.id,
        tenant=row.tenant,
        kind=row.kind,
        owner=row.owner,
        state=row.state,
        priority=row.priority,
        collection=row.collection,
        arguments=json.loads(row.arguments),
        host=row.host,
        step=row.step,
        held=row.run is not None,
        counters=Counters(*(getattr(row, name) for name in COUNTERS)),
        note=row.note,
        created=row.created,
        ended=row.ended,
    )
