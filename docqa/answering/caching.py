"""Answers that are given again: the same question about the same state of the same documents."""

from __future__ import annotations

from importlib.metadata import version

from docqa.answering.asked import Asked
from docqa.events import Answered
from docqa.recording.codec import decode
from docqa.registry import Registry
from docqa.settings import Settings
from ingest.catalog import Catalog
from ingest.errors import NotFoundError

_WHOLE = ("answered", "not_found")  # what a limit cut short may be more the next time


class Answers:
    """The recorded answers of all tenants.

    Args:
        registry: where they are recorded.
        model: the name of the model that gives them.
    """

    def __init__(self, registry: Registry, model: str) -> None:
        self._registry = registry
        self._by = f"docqa {version('docqa')} with {model}"  # another version would give another answer

    def key(self, asked: Asked, settings: Settings, catalog: Catalog) -> str:
        """What a question is known by at this moment; empty where its answer rests on more than documents.

        Args:
            asked: the question.
            settings: those of the run.
            catalog: the tenant's.
        """
        if not settings.answer_cache or asked.conversation:
            return ""
        return asked.key(self._by, settings, catalog.fingerprint(asked.collections))

    def find(self, tenant: str, key: str) -> tuple[str, Answered] | None:
        """The run that answered this, and its answer."""
        run = self._registry.cache.find(tenant, key) if key else None
        if not run:
            return None
        try:
            last = self._registry.runs.last_event(tenant, run)
        except NotFoundError:  # deleted meanwhile
            return None
        return (run, decode(Answered, last.data)) if last and last.kind == Answered.__name__ else None

    def keep(self, tenant: str, key: str, now: str, run: str, answered: Answered) -> None:
        """Have an answer given again.

        Args:
            tenant: whose it is.
            key: what the question was known by when its run began.
            now: what it is known by at its end; another one where documents have changed meanwhile.
            run: the id of the run.
            answered: how it ended.
        """
        if key and key == now and answered.outcome in _WHOLE:
            self._registry.cache.keep(tenant, key, run)
