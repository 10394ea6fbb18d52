"""Which process takes documents in, and whether it still lives."""

from __future__ import annotations

import os
import platform
import time
import uuid
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from ingest.catalog.tables import runs

SILENT_AFTER = 90.0
"""Seconds without a sign of life after which the run of another machine counts as dead."""


class Owner(NamedTuple):
    """A process that nothing else is mistaken for: its machine since its start, and its number and start time there."""

    host: str
    process: str


def this_process() -> Owner:
    """The owner that stands for the running process."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    booted = boot.read_text().strip() if boot.exists() else ""
    namespace = os.readlink("/proc/self/ns/pid") if Path("/proc/self/ns/pid").exists() else ""
    return Owner(f"{platform.node()} {booted} {namespace}"[:300], f"{os.getpid()} {_started(os.getpid())}")


def _started(pid: int) -> str:
    """When a process began, in the kernel's clock ticks; empty where the system does not tell."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _runs_here(process: str) -> bool:
    """Whether a process of this machine still runs and is the same one."""
    pid, _, started = process.partition(" ")
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _started(int(pid)) == started


def begin(connection: Connection, tenant: str) -> str:
    """Enter a run of this process and return its id."""
    owner, id = this_process(), str(uuid.uuid4())
    values = {"id": id, "tenant": tenant, "host": owner.host, "process": owner.process, "heartbeat": time.time()}
    connection.execute(insert(runs).values(values))
    return id


def beat(connection: Connection, run: str) -> None:
    """Say that a run lives."""
    connection.execute(update(runs).where(runs.c.id == run).values(heartbeat=time.time()))


def end(connection: Connection, run: str) -> None:
    """Strike a run out: whatever it has claimed and not finished may be taken over."""
    connection.execute(delete(runs).where(runs.c.id == run))


def living(connection: Connection, tenant: str) -> set[str]:
    """The runs whose process lives; those of dead ones are struck out if the transaction writes."""
    here, alive = this_process(), set()
    for row in connection.execute(select(runs).where(runs.c.tenant == tenant)):
        if _runs_here(row.process) if row.host == here.host else time.time() - row.heartbeat < SILENT_AFTER:
            alive.add(str(row.id))
    return alive
