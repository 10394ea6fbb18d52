"""A stored response as a stream of events: one that is over is told again, one of the background as it comes about.

The events have the same numbers each time, so that a client that was cut off names the last one that it knows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, suppress

from openai.types.responses import ResponseErrorEvent, ResponseStreamEvent

from docqa.api.access import Caller
from docqa.api.answers.looking import ENDING, looks
from docqa.api.errors import ApiError, error_of
from docqa.api.http.streaming import HEARTBEAT
from docqa.api.responding.background import found_by
from docqa.api.responding.recorded import event_of
from docqa.api.responding.shape import Reply, unanswered
from docqa.api.responding.typed import sent, told_again
from docqa.api.responding.writer import SEARCHING, Writer
from docqa.api.service import Service
from docqa.registry.responses import OPEN, StoredResponse
from ingest.errors import NotFoundError


async def follow(service: Service, caller: Caller, stored: StoredResponse, after: int) -> AsyncIterator[str]:
    """The events of a response with numbers above ``after``, until it is over, or may not be told any more."""
    follower = Follower(service, stored, after)
    ending = ApiError(503, ENDING, "shutting_down")
    try:
        async with aclosing(looks(service, caller, follower.look, ending)) as found:
            async for told in found:
                for each in told:
                    yield sent(each)
                if not told:
                    yield HEARTBEAT
    except Exception as error:
        yield sent(follower.cut(error_of(error)))


class Follower:
    """Looks at a response again and again; ``after`` is the number of the last event that is known."""

    def __init__(self, service: Service, stored: StoredResponse, after: int) -> None:
        self._service, self._stored, self._last = service, stored, after
        self._follows = False
        self._begin(stored)

    def _begin(self, stored: StoredResponse) -> None:
        self._run, self._seen = stored.run, -1
        self._told: list[ResponseStreamEvent] = []
        if stored.status in OPEN:
            found = found_by(self._service, stored)
            self._writer = Writer(unanswered(Reply.model_validate(stored.body)), found)
            self._told = list(self._writer.begin())

    def look(self) -> tuple[list[ResponseStreamEvent], bool]:
        """The events that have come since, and whether the response is over.

        Raises:
            NotFoundError: it was deleted.
            DocqaError: the registry cannot be used.
        """
        stored = self._service.registry.responses.get(self._stored.tenant, self._stored.id)
        if stored.status not in OPEN:
            return self._ending(Reply.model_validate(stored.body)), True
        self._follows = True
        if stored.run != self._run:  # another worker has begun anew
            self._begin(stored)
        self._read()
        return self._unknown(self._told[:2] if stored.status == "queued" else self._told), False

    def cut(self, error: ApiError) -> ResponseErrorEvent:
        """The event that ends a stream before the response is over. It has no number of its own."""
        number = max(self._last, 0)
        return ResponseErrorEvent(
            type="error", code=error.code, message=error.message, param=None, sequence_number=number
        )

    def _ending(self, reply: Reply) -> list[ResponseStreamEvent]:
        """The rest of the events. Whoever has followed is told the end, also where it came before what was told."""
        told = list(told_again(reply))
        end, new = told[-1], self._unknown(told)
        if self._follows and not new:
            new = [end.model_copy(update={"sequence_number": self._last + 1})]
        return new

    def _read(self) -> None:
        """Look for searches; the answer is told when the worker has finished it."""
        if not self._run:
            return
        with suppress(NotFoundError):  # the run was deleted
            for row in self._service.registry.runs.events(self._stored.tenant, self._run, self._seen):
                self._seen = row.seq
                event = event_of(row)
                if isinstance(event, SEARCHING):
                    self._told += self._writer.say(event)

    def _unknown(self, told: list[ResponseStreamEvent]) -> list[ResponseStreamEvent]:
        new = [each for each in told if each.sequence_number > self._last]
        self._last = new[-1].sequence_number if new else self._last
        return new
