"""Whether a broker is fit to hold work, by what it tells of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ingest.broker.address import Address
from ingest.types import Health

MIB = 1 << 20


def judge(info: Mapping[str, Any], saves: str | None, address: Address) -> Health:
    """The health of a broker that answers.

    Args:
        info: what it answers to INFO.
        saves: when it writes snapshots (its setting ``save``); None where that may not be asked.
        address: where it is.
    """
    kept = _persistence(info, saves)
    product = "Valkey" if "valkey_version" in info else "Redis"
    version = f"{product} {info.get('valkey_version') or info.get('redis_version', '(version unknown)')}"
    limit = int(info.get("maxmemory", 0))
    used = _mib(info.get("used_memory", 0))
    details = {
        "url": address.shown,
        "version": version,
        "memory": f"{used} of {_mib(limit)}" if limit else used,
        "policy": str(info.get("maxmemory_policy", "unknown")),
        "persistence": kept,
    }
    if problem := _problem(info, limit, address):
        return Health(False, problem, details)
    message = f"{version} answers."
    if kept == "none":
        message += " It keeps nothing on disk: after a restart of it the catalog sends the work again."
    return Health(True, message, details)


def _mib(size: int) -> str:
    return f"{f'{size / MIB:,.1f}'.removesuffix('.0')} MiB"


def _persistence(info: Mapping[str, Any], saves: str | None) -> str:
    if info.get("aof_enabled"):
        return "append-only file"
    if saves is None:
        return "unknown"
    return "snapshots" if saves.strip() else "none"


def _problem(info: Mapping[str, Any], limit: int, address: Address) -> str:
    """Why it must not be used as it is; empty where it may."""
    place = f"The broker {address.shown}"
    policy = str(info.get("maxmemory_policy", "noeviction"))
    mode = info.get("server_mode") or info.get("redis_mode", "standalone")  # Valkey's name for it, and Redis'
    if mode != "standalone":
        return f"{place} is a {mode}, which Celery cannot use: name a single server in DOCQA_BROKER_URL."
    if info.get("role", "master") != "master":
        return f"{place} is a replica, which takes no work: name its primary in DOCQA_BROKER_URL."
    if policy != "noeviction":
        return (
            f"{place} evicts keys when its memory is full (maxmemory-policy is {policy}), and messages with them, "
            "whose work the catalog would send again late: set its maxmemory-policy to noeviction."
        )
    if limit and info.get("used_memory", 0) >= limit:
        return f"{place} takes no work, since its memory of {_mib(limit)} is full: {more_memory(address)}."
    return ""


def more_memory(address: Address) -> str:
    """How a broker is given more memory."""
    if address.folder:
        return "set DOCQA_BROKER_MEMORY_MB higher and start the workers again"
    return "set its maxmemory higher"
