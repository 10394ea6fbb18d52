"""OpenAI's events of a response, in OpenAI's order, numbered.

They follow from the response alone. So one that is over can be told again with the same numbers, and a client that
was cut off goes on where it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from openai.types.responses import (
    ResponseCompletedEvent,
    ResponseContentPartAddedEvent,
    ResponseContentPartDoneEvent,
    ResponseCreatedEvent,
    ResponseFailedEvent,
    ResponseFileSearchCallCompletedEvent,
    ResponseFileSearchCallInProgressEvent,
    ResponseFileSearchCallSearchingEvent,
    ResponseFileSearchToolCall,
    ResponseIncompleteEvent,
    ResponseInProgressEvent,
    ResponseOutputItemAddedEvent,
    ResponseOutputItemDoneEvent,
    ResponseOutputMessage,
    ResponseOutputTextAnnotationAddedEvent,
    ResponseQueuedEvent,
    ResponseStreamEvent,
    ResponseTextDeltaEvent,
    ResponseTextDoneEvent,
)
from openai.types.responses.response_output_text import ResponseOutputText

from docqa.api.http.streaming import event
from docqa.api.responding import shape
from docqa.api.responding.shape import Reply
from docqa.recording.codec import dumps

_PIECE = re.compile(r".{1,24}\S*\s*", re.DOTALL)


class Typed:
    """Makes the events of one response, in the order in which its methods are called."""

    def __init__(self) -> None:
        self._number = -1

    def _next(self) -> int:
        self._number += 1
        return self._number

    def begin(self, reply: Reply) -> Iterator[ResponseStreamEvent]:
        """A response that begins; one of the background waits first."""
        yield ResponseCreatedEvent(type="response.created", response=reply, sequence_number=self._next())
        if reply.status == "queued":
            yield ResponseQueuedEvent(type="response.queued", response=reply, sequence_number=self._next())
        reply = reply.model_copy(update={"status": "in_progress"})
        yield ResponseInProgressEvent(type="response.in_progress", response=reply, sequence_number=self._next())

    def searching(self, item: ResponseFileSearchToolCall, place: int) -> Iterator[ResponseStreamEvent]:
        """A search that begins, the item of this place in the output."""
        item = item.model_copy(update={"status": "in_progress", "results": None})
        yield ResponseOutputItemAddedEvent(
            type="response.output_item.added", item=item, output_index=place, sequence_number=self._next()
        )
        at = {"item_id": item.id, "output_index": place}
        yield ResponseFileSearchCallInProgressEvent.model_validate(
            {**at, "type": "response.file_search_call.in_progress", "sequence_number": self._next()}
        )
        yield ResponseFileSearchCallSearchingEvent.model_validate(
            {**at, "type": "response.file_search_call.searching", "sequence_number": self._next()}
        )

    def searched(self, item: ResponseFileSearchToolCall, place: int) -> Iterator[ResponseStreamEvent]:
        """The search that began last, over."""
        if item.status == "completed":
            yield ResponseFileSearchCallCompletedEvent(
                type="response.file_search_call.completed",
                item_id=item.id,
                output_index=place,
                sequence_number=self._next(),
            )
        yield ResponseOutputItemDoneEvent(
            type="response.output_item.done", item=item, output_index=place, sequence_number=self._next()
        )

    def message(self, item: ResponseOutputMessage, place: int) -> Iterator[ResponseStreamEvent]:
        """The answer: first without its text, then piece by piece."""
        (part,) = item.content
        assert isinstance(part, ResponseOutputText)
        empty = item.model_copy(update={"status": "in_progress", "content": []})
        yield ResponseOutputItemAddedEvent(
            type="response.output_item.added", item=empty, output_index=place, sequence_number=self._next()
        )
        yield from self._part(part, {"item_id": item.id, "output_index": place, "content_index": 0})
        yield ResponseOutputItemDoneEvent(
            type="response.output_item.done", item=item, output_index=place, sequence_number=self._next()
        )

    def _part(self, part: ResponseOutputText, at: dict[str, object]) -> Iterator[ResponseStreamEvent]:
        def given(kind: str, **fields: object) -> dict[str, object]:
            return {"type": f"response.{kind}", **at, **fields, "sequence_number": self._next()}

        empty = part.model_copy(update={"text": "", "annotations": []})
        yield ResponseContentPartAddedEvent.model_validate(given("content_part.added", part=empty))
        for piece in _PIECE.findall(part.text):
            yield ResponseTextDeltaEvent.model_validate(given("output_text.delta", delta=piece, logprobs=[]))
        for number, note in enumerate(part.annotations):
            yield ResponseOutputTextAnnotationAddedEvent.model_validate(
                given("output_text.annotation.added", annotation=note.to_dict(), annotation_index=number)
            )
        yield ResponseTextDoneEvent.model_validate(given("output_text.done", text=part.text, logprobs=[]))
        yield ResponseContentPartDoneEvent.model_validate(given("content_part.done", part=part))

    def end(self, reply: Reply) -> ResponseStreamEvent:
        """A response that is over. OpenAI has no event for one that was cancelled: it is incomplete, and says so."""
        if reply.status == "completed":
            return ResponseCompletedEvent(type="response.completed", response=reply, sequence_number=self._next())
        if reply.status == "failed":
            return ResponseFailedEvent(type="response.failed", response=reply, sequence_number=self._next())
        return ResponseIncompleteEvent(type="response.incomplete", response=reply, sequence_number=self._next())


def told_again(reply: Reply) -> Iterator[ResponseStreamEvent]:
    """All events of a response that is over, as they were when it came about."""
    typed = Typed()
    yield from typed.begin(shape.unanswered(reply))
    for place, item in enumerate(reply.output):
        if isinstance(item, ResponseFileSearchToolCall):
            yield from typed.searching(item, place)
            yield from typed.searched(item, place)
        elif isinstance(item, ResponseOutputMessage):
            yield from typed.message(item, place)
    yield typed.end(reply)


def sent(typed: ResponseStreamEvent) -> str:
    """An event as the client gets it. Its id is its number, by which a client goes on after it was cut off."""
    data = typed.to_dict(mode="json")
    if isinstance(reply := getattr(typed, "response", None), Reply):  # OpenAI's events drop what OpenAI's type lacks
        data["response"] = reply.to_dict(mode="json")
    return event(dumps(data), typed.type, str(typed.sequence_number))
