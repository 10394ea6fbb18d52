"""Answers as chat completions, whole and in chunks."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Literal

from openai.types import CompletionUsage
from openai.types.chat.chat_completion import Choice
from openai.types.chat.chat_completion_chunk import Choice as ChunkChoice
from openai.types.chat.chat_completion_chunk import ChoiceDelta
from openai.types.chat.chat_completion_message import ChatCompletionMessage
from openai.types.completion_usage import PromptTokensDetails

from docqa.answering import Live
from docqa.api.answers.sources import annotations_of, with_sources
from docqa.api.http.streaming import HEARTBEAT_SECONDS, event
from docqa.api.schemas import Answer
from docqa.api.schemas.chat import ChatRequest, Chunk, Completion
from docqa.errors import StoppedError
from docqa.events import Answered
from docqa.llm.stopping import STOPPED

WORDS_TOGETHER = 4
DONE = event("[DONE]")
_WORDS = re.compile(rf"(?:\S+\s*){{1,{WORDS_TOGETHER}}}|\s+")


@dataclass(frozen=True)
class Completing:
    """Makes the completion of one run.

    Args:
        request: what was asked.
        run: the id of the run.
        cached: whether its answer was recorded before.
    """

    request: ChatRequest
    run: str
    cached: bool
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, answered: Answered, answer: Answer) -> Completion:
        """The completion; ``answer`` holds the same with every citation in full."""
        message = ChatCompletionMessage(
            role="assistant",
            content=with_sources(answered.text, answer.citations, answered.model),
            refusal=None,
            annotations=annotations_of(answered.text, answer.citations),
        )
        choice = Choice(index=0, message=message, finish_reason=_reason(answered), logprobs=None)
        further = self._further(answer)
        if self.request.metadata is not None:
            further["metadata"] = self.request.metadata
        return Completion(
            id=self._id, object="chat.completion", created=self.created, model=self.request.model,
            choices=[choice], usage=self._usage(answered), **further,
        )  # fmt: skip

    def beginning(self) -> str:
        """The first event: who speaks."""
        return self._event([self._choice(ChoiceDelta(role="assistant", content="", refusal=None))])

    def rest(self, answered: Answered, answer: Answer) -> Iterator[str]:
        """The events of the answer and the end."""
        for piece in pieces(with_sources(answered.text, answer.citations, answered.model)):
            yield self._event([self._choice(ChoiceDelta(content=piece))])
        yield self._event([self._choice(ChoiceDelta(), _reason(answered))], **self._further(answer))
        if self._tells_usage:
            yield self._event([], usage=self._usage(answered))
        yield DONE

    @property
    def _id(self) -> str:
        return f"chatcmpl-{self.run}"

    @property
    def _tells_usage(self) -> bool:
        return bool(self.request.stream_options and self.request.stream_options.include_usage)

    def _further(self, answer: Answer) -> dict[str, Any]:
        return {"docqa": answer} if self.request.docqa and self.request.docqa.citations else {}

    def _usage(self, answered: Answered) -> CompletionUsage:
        """The tokens that this request took: none where its answer was recorded before."""
        asked, written, cached = answered.prompt_tokens, answered.answer_tokens, answered.cached_tokens
        if self.cached:
            asked = written = cached = 0
        details = PromptTokensDetails(cached_tokens=cached)
        return CompletionUsage(
            prompt_tokens=asked, completion_tokens=written, total_tokens=asked + written, prompt_tokens_details=details
        )

    def _event(self, choices: list[ChunkChoice], **further: Any) -> str:
        if self._tells_usage:
            further.setdefault("usage", None)
        chunk = Chunk(
            id=self._id, object="chat.completion.chunk", created=self.created, model=self.request.model,
            choices=choices, **further,
        )  # fmt: skip
        return event(chunk.model_dump_json(exclude_unset=True))

    def _choice(self, delta: ChoiceDelta, reason: Literal["stop", "length"] | None = None) -> ChunkChoice:
        return ChunkChoice(index=0, delta=delta, finish_reason=reason, logprobs=None)


async def answered_by(live: Live) -> Answered:
    """The answer of a run.

    Raises:
        StoppedError: it was ended without one.
        DocqaError: see ``Live.events``.
    """
    answered: Answered | None = None
    async with aclosing(live.events(HEARTBEAT_SECONDS)) as events:
        async for each in events:
            answered = each if isinstance(each, Answered) else answered
    if answered is None:
        raise StoppedError(STOPPED)
    return answered


def pieces(text: str) -> list[str]:
    """A text in pieces of some words."""
    return _WORDS.findall(text)


def _reason(answered: Answered) -> Literal["stop", "length"]:
    """Why it ends: ``length`` where a limit ended it."""
    return "length" if answered.outcome == "partial" else "stop"
