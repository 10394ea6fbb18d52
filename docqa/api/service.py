"""What the routes work with: one object for each process, opened when it starts and closed when it ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Event
from typing import TYPE_CHECKING

from docqa.answering import Answering
from docqa.answering.libraries import Libraries
from docqa.llm import LLM, open_llm
from docqa.registry import Registry, open_registry
from docqa.settings import Settings
from ingest.broker.limits import Limiter
from ingest.parse import ParserPool

if TYPE_CHECKING:
    from ingest.library import Library


@dataclass(frozen=True)
class Service:
    """The settings and what they name. ``ending`` is set when the process is about to end."""

    settings: Settings
    registry: Registry
    libraries: Libraries
    llm: LLM
    answering: Answering
    limiter: Limiter
    pool: ParserPool
    ending: Event = field(default_factory=Event)

    @classmethod
    def open(cls, settings: Settings, llm: LLM | None = None) -> Service:
        """Open everything; ``llm`` stands in for the model that the settings name.

        Raises:
            DocqaError: something cannot be opened.
        """
        model = llm or open_llm(settings)
        registry = open_registry(settings)
        libraries = Libraries(settings)
        answering = Answering(settings, model, libraries, registry)
        return cls(settings, registry, libraries, model, answering, Limiter(settings), ParserPool(settings))

    def library(self, tenant: str) -> Library:
        """The library of a tenant."""
        return self.libraries.of(tenant)

    def close(self) -> None:
        """Let running answers end, for as long as the settings allow, and close what was opened."""
        self.ending.set()
        self.answering.close(self.settings.shutdown_seconds)
        self.pool.close()
        self.libraries.close()
        self.limiter.close()
        self.registry.close()
        if close := getattr(self.llm, "close", None):
            close()
