"""A run as OpenAI's events: the response grows with what the run says."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Protocol

from openai.types.responses import (
    ResponseFileSearchToolCall,
    ResponseOutputItem,
    ResponseOutputMessage,
    ResponseStreamEvent,
)
from openai.types.responses.response_file_search_tool_call import Result
from openai.types.responses.response_output_text import AnnotationFileCitation, ResponseOutputText

from docqa.api.errors import ApiError
from docqa.api.responding import shape
from docqa.api.responding.shape import Reply
from docqa.api.responding.typed import Typed
from docqa.api.schemas import Answer, CitedPassage
from docqa.events import Answered, Citation, Event, Observed, ToolCalled

SEARCH = "search_archive"
SEARCHING = (ToolCalled, Observed)
TOLD = (*SEARCHING, Answered)
"""The events of a run that a response tells of."""
_MARKER = re.compile(r"\[(\d+)\]")


class Findings(Protocol):
    """What a response says beyond the events of its run; ``cached``: whether its answer was recorded before."""

    cached: bool

    def results(self, query: str, before: int) -> list[Result] | None:
        """What the search for a query found, after ``before`` equal ones; None where that is not to be included."""
        ...

    def passages(self, citations: Sequence[Citation]) -> list[CitedPassage]:
        """Citations with their files."""
        ...

    def answer(self, answered: Answered) -> Answer | None:
        """The ``docqa`` object; None where it was not asked for."""
        ...


class Writer:
    """Tells one response.

    Args:
        reply: the response as it is before anything has happened.
        findings: what its run found.
    """

    def __init__(self, reply: Reply, findings: Findings) -> None:
        self.reply = reply
        self._findings = findings
        self._typed = Typed()
        self._output: list[ResponseOutputItem] = []
        self._search: ResponseFileSearchToolCall | None = None

    def begin(self) -> Iterator[ResponseStreamEvent]:
        """The events before those of the run."""
        yield from self._typed.begin(self.reply)
        self.reply = self.reply.model_copy(update={"status": "in_progress"})

    def say(self, event: Event) -> Iterator[ResponseStreamEvent]:
        """What an event of the run is told as; with the answer the response is over."""
        if isinstance(event, ToolCalled) and event.name == SEARCH:
            yield from self._searching(str(event.arguments.get("query") or ""))
        elif isinstance(event, Observed) and event.name == SEARCH and self._search:
            yield from self._searched("completed" if event.ok else "failed")
        elif isinstance(event, Answered):
            yield from self._close()
            yield from self._written(event)

    def fail(self, error: ApiError) -> Iterator[ResponseStreamEvent]:
        """The end by an error."""
        yield from self._close()
        yield from self._end(shape.failed(self.reply, error, self._output))

    def cancel(self) -> Iterator[ResponseStreamEvent]:
        """The end because nobody wants the response any more."""
        yield from self._close()
        yield from self._end(shape.cancelled(self.reply, self._output))

    def _searching(self, query: str) -> Iterator[ResponseStreamEvent]:
        self._search = ResponseFileSearchToolCall(
            id=self._id("fs_"), type="file_search_call", status="in_progress", queries=[query], results=None
        )
        yield from self._typed.searching(self._search, len(self._output))

    def _searched(self, status: str) -> Iterator[ResponseStreamEvent]:
        item, self._search = self._search, None
        assert item is not None
        before = shape.equal_before(self._output, item)
        results = self._findings.results(item.queries[0], before) if status == "completed" else None
        item = item.model_copy(update={"status": status, "results": results})
        yield from self._typed.searched(item, len(self._output))
        self._output.append(item)

    def _close(self) -> Iterator[ResponseStreamEvent]:
        if self._search:
            yield from self._searched("incomplete")

    def _written(self, event: Answered) -> Iterator[ResponseStreamEvent]:
        part = ResponseOutputText(
            type="output_text",
            text=event.text,
            annotations=list(annotations_of(event.text, self._findings.passages(event.citations))),
            logprobs=[],
        )
        status = "incomplete" if event.outcome == "partial" else "completed"
        message = ResponseOutputMessage.model_validate(
            {"id": self._id("msg_"), "type": "message", "role": "assistant", "status": status, "content": [part]}
        )
        yield from self._typed.message(message, len(self._output))
        self._output.append(message)
        cached, answer = self._findings.cached, self._findings.answer(event)
        yield from self._end(shape.answered(self.reply, event, self._output, cached, answer))

    def _end(self, reply: Reply) -> Iterator[ResponseStreamEvent]:
        self.reply = reply
        yield self._typed.end(reply)

    def _id(self, prefix: str) -> str:
        """An item's id follows from the response's, so that it is the same whenever it is told."""
        place = f"{self.reply.id}/{len(self._output)}"
        return f"{prefix}{hashlib.sha256(place.encode()).hexdigest()[:32]}"


def annotations_of(text: str, passages: Sequence[CitedPassage]) -> Iterator[AnnotationFileCitation]:
    """A citation for each marker in a text, at the character where it begins."""
    cited = {each.marker: each for each in passages}
    for match in _MARKER.finditer(text):
        if passage := cited.get(int(match.group(1))):
            yield AnnotationFileCitation(
                type="file_citation", file_id=passage.file_id, filename=passage.filename, index=match.start()
            )
