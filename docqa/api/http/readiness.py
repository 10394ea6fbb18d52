"""Whether all that the service needs works: looked at side by side, each within a time limit, and not too often."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass

import anyio

from docqa.api.http.logs import log
from docqa.api.service import Service
from ingest.errors import ArchiveError, BrokerError, DocqaError, FilesError, StorageFullError

CHECK_SECONDS = 5.0
"""How long a part may take before it counts as failing."""
FRESH_SECONDS = 5.0
COSTLY_SECONDS = 60.0
"""How long it counts that a part works which costs money to ask."""
LEAST_SPACE = 64 << 20
"""With fewer bytes free, uploads would soon be refused."""
Check = Callable[[Service], None]


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of a part, and when: nothing in ``why`` means that it works."""

    at: float
    why: str = ""


class Readiness:
    """Looks at the parts of a service. Belongs to one event loop.

    Args:
        service: whose parts.
        checks: raise where a part does not work.
        seconds: how long one may take.
    """

    def __init__(self, service: Service, checks: Mapping[str, Check], seconds: float = CHECK_SECONDS) -> None:
        self._service, self._checks, self._seconds = service, checks, seconds
        self._found: dict[str, Found] = {}
        self._looking: dict[str, asyncio.Task[None]] = {}
        self._threads = anyio.CapacityLimiter(max(len(checks), 1))
        self._told: tuple[str, ...] = ()

    async def failing(self) -> tuple[str, ...]:
        """The names of the parts that do not work at this moment."""
        whys = dict(zip(self._checks, await asyncio.gather(*map(self._why, self._checks)), strict=True))
        names = tuple(name for name, why in whys.items() if why)
        if names != self._told:
            reasons = "; ".join(f"{name}: {whys[name]}" for name in names)
            log("is not ready" if names else "is ready again", logging.WARNING, reason=reasons)
            self._told = names
        return names

    async def _why(self, name: str) -> str:
        found = self._found.get(name)
        fresh = COSTLY_SECONDS if name in COSTLY and found and not found.why else FRESH_SECONDS
        if found and time.monotonic() - found.at < fresh:
            return found.why
        if name not in self._looking or self._looking[name].done():  # one that hangs is not asked once more
            self._looking[name] = asyncio.create_task(self._look(name))
        done, _ = await asyncio.wait((self._looking[name],), timeout=self._seconds)
        return self._found[name].why if done else f"no answer within {self._seconds:g} s"

    async def _look(self, name: str) -> None:
        check = self._checks[name]
        try:
            await anyio.to_thread.run_sync(check, self._service, limiter=self._threads, abandon_on_cancel=True)
            why = ""
        except DocqaError as error:
            why = str(error)
        except Exception as error:  # a part that cannot even be asked does not work
            why = type(error).__name__
        self._found[name] = Found(time.monotonic(), why)


def _archive(service: Service) -> None:
    """Over REST and gRPC where it is a server; one that is embedded is counted, since its health reads all of it."""
    archive = service.library(service.settings.tenant).archive
    if service.settings.archive != "weaviate":
        archive.count()
    elif not (health := archive.health()).ok:
        raise ArchiveError(health.message)


def _broker(service: Service) -> None:
    from ingest.broker import broker_health

    if not (health := broker_health(service.settings)).ok:
        raise BrokerError(health.message)


def _catalog(service: Service) -> None:
    service.library(service.settings.tenant).catalog.collections()
    service.registry.check()


def _embedder(service: Service) -> None:
    service.library(service.settings.tenant).embedder.embed(["It works."])


def _files(service: Service) -> None:
    if not (health := service.library(service.settings.tenant).files.health()).ok:
        raise FilesError(health.message)


def _space(service: Service) -> None:
    root = service.settings.root
    place = next(path for path in (root, *root.parents) if path.exists())
    if (free := shutil.disk_usage(place).free) < LEAST_SPACE:
        raise StorageFullError(f"Only {free >> 20} MiB are free where the service keeps its data.")


def _model(service: Service) -> None:
    if service.settings.llm == "openai":
        from docqa.llm.openai.client import Client

        with closing(Client(service.settings)) as client:
            client.models()


CHECKS: Mapping[str, Check] = {
    "archive": _archive,
    "broker": _broker,
    "catalog": _catalog,
    "embedder": _embedder,
    "files": _files,
    "space": _space,
    "model": _model,
}
COSTLY = frozenset(("embedder", "model"))
