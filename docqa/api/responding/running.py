"""One response under way: its run told as OpenAI's events, and kept before its end is told."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress

from openai.types.responses import ResponseStreamEvent

from docqa.answering import Live
from docqa.api.errors import ApiError, without_places
from docqa.api.responding.findings import Found
from docqa.api.responding.keeping import keep
from docqa.api.responding.preparing import Prepared
from docqa.api.responding.recorded import searches
from docqa.api.responding.shape import ENDED, Reply
from docqa.api.responding.writer import TOLD, Writer
from docqa.api.schemas.responses import RESULTS
from docqa.api.service import Service
from docqa.events import Event
from ingest.errors import DocqaError, NotFoundError

log = logging.getLogger("docqa.api")


class Telling:
    """Tells one run to a client, and keeps what came of it. Its methods look into databases.

    Args:
        service: where it is kept.
        prepared: what is asked.
        live: the run.
        base: the address that links begin with.
        leave: called when it is over.
    """

    def __init__(self, service: Service, prepared: Prepared, live: Live, base: str, leave: Callable[[], None]) -> None:
        self._service, self._prepared, self._live, self._leave = service, prepared, live, leave
        request = prepared.request
        extended = bool(request.docqa and request.docqa.citations)
        found = Found(
            service, prepared.caller.tenant, base, prepared.scope, RESULTS in (request.include or ()), extended
        )
        found.run, found.cached = live.run, live.cached
        self._writer = Writer(prepared.reply, found)

    @property
    def reply(self) -> Reply:
        """The response as it is now."""
        return self._writer.reply

    @property
    def conversation(self) -> str:
        """The id of its conversation for clients; empty where it has none."""
        return self._prepared.conversation

    def begin(self) -> list[ResponseStreamEvent]:
        """The events before those of the run; a recorded answer tells of its searches again."""
        told = list(self._writer.begin())
        if self._live.cached:
            runs, tenant = self._service.registry.runs, self._prepared.caller.tenant
            with suppress(NotFoundError):  # deleted since
                for event in searches(runs, tenant, runs.get(tenant, self._live.run).cached_from):
                    told += self._writer.say(event)
        return told

    def say(self, event: Event) -> list[ResponseStreamEvent]:
        """What an event of the run is told as.

        Raises:
            DocqaError: the catalog, the archive or the registry failed.
        """
        return self._kept(list(self._writer.say(event))) if isinstance(event, TOLD) else []

    def fail(self, error: ApiError) -> list[ResponseStreamEvent]:
        """The end by an error."""
        return self._ended(list(self._writer.fail(error)))

    def over(self) -> None:
        """To be called at the end, however that came. What is not over was cancelled, as its reader may find out."""
        try:
            if self.reply.status not in ENDED and self._prepared.request.stream:
                self._ended(list(self._writer.cancel()))
        finally:
            self._leave()

    def _ended(self, told: list[ResponseStreamEvent]) -> list[ResponseStreamEvent]:
        try:
            return self._kept(told)
        except DocqaError as error:  # what ended it is to be known all the same
            log.warning("A response was not kept: %s", without_places(str(error)))
            return told

    def _kept(self, told: list[ResponseStreamEvent]) -> list[ResponseStreamEvent]:
        if self.reply.status in ENDED:
            keep(self._service, self._prepared, self.reply, self._live.run)
        return told
