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


def this_host() -> str:
    """The name of this machine, which sees the paths that its user names."""
    return platform.node()[:300]


def this_process() -> Owner:
    """The owner that stands for the running process."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    booted = boot.read_text().strip() if boot.exists() else ""
    namespace = os.readlink("/proc/self/ns/pid") if Path("/proc/self/ns/pid").exists() else ""
    return Owner(f"{platform.node()} {booted} {namespace}"[:300], f"{os.getpid()} {_started(os.getpid())}")


def _started(pid: int) -> str:
    """When a process began, in the kernel's clock ticks; empty where the system does not tell."""
    return _status(pid)[1]


def _status(pid: int) -> tuple[str, str]:
    """The state of a process and when it began; empty where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return fields[0], fields[19]
    except (OSError, IndexError):
        return "", ""


def runs_here(process: str) -> bool:
    """Whether a process of this machine still runs and is the same one; one that only waits to be buried does not."""
    pid, started, *_ = [*process.split(" "), ""]
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    state, began = _status(int(pid))
    return state not in ("Z", "X") and began == started


def ended_alone(process: str) -> bool:
    """Whether a process of this machine has ended and the one that had started it has not.

    Then it is likely to have ended over what it did; else the whole worker, or the machine, was stopped.
    """
    parent = " ".join(process.split(" ")[2:4])
    return not runs_here(process) and (not parent or runs_here(parent))


def begin(connection: Connection, tenant: str, role: str = "ingest") -> str:
    """Enter a run of this process and return its id; ``role`` as in ``ingest.catalog.tables.runs``."""
    owner, id, parent = this_process(), str(uuid.uuid4()), os.getppid()
    process = f"{owner.process} {parent} {_started(parent)}" if role == "worker" else owner.process
    values = {"id": id, "tenant": tenant, "host": owner.host, "process": process, "role": role}
    connection.execute(insert(runs).values(**values, heartbeat=time.time()))
    return id


def beat(connection: Connection, run: str) -> bool:
    """Say that a run lives; False where it has been struck out."""
    alive = {"heartbeat": time.time(), "beats": runs.c.beats + 1}
    return connection.execute(update(runs).where(runs.c.id == run).values(alive)).rowcount > 0


def end(connection: Connection, run: str) -> None:
    """Strike a run out: whatever it has claimed and not finished may be taken over."""
    connection.execute(delete(runs).where(runs.c.id == run))


def living(connection: Connection, tenant: str, role: str = "") -> set[str]:
    """The runs, of a role or of all, whose process lives."""
    here, alive = this_process(), set()
    mine = [runs.c.tenant == tenant, *([runs.c.role == role] if role else [])]
    for row in connection.execute(select(runs).where(*mine)):
        if runs_here(row.process) if row.host == here.host else time.time() - row.heartbeat < SILENT_AFTER:
            alive.add(str(row.id))
    return alive
