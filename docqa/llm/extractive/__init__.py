"""The extractive reader: answers in the documents' own words, without a language model.

It takes the place of a model behind the same protocol and sees nothing that a model would not see: the messages and
the functions. It searches, reads, follows names and identifiers, notes evidence and answers with quotes, by the rules
of the modules beside this one; ``docs/extractive-reader.md`` says what it can and cannot do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from docqa.events import EXTRACTIVE
from docqa.llm import Completion, Message, TextDelta, ToolSpec
from docqa.llm.extractive.meaning import Meaning
from docqa.llm.extractive.policy import next_calls
from docqa.llm.extractive.view import view
from ingest import tokens


class ExtractiveReader:
    """An ``LLM`` that picks sentences instead of writing them. It is stateless: equal messages give equal calls."""

    name = EXTRACTIVE

    def __init__(self) -> None:
        self._meaning = Meaning()

    def count(self, text: str) -> int:
        """Tokens of a text, as ``ingest.tokens`` counts them."""
        return tokens.count(text)

    def complete(
        self,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec],
        only: Sequence[str] = (),
        *,
        limit: int = 0,
        seconds: float = 0,
    ) -> Iterator[TextDelta | Completion]:
        """Decide the next step from the messages alone: a search, notes of evidence, or the answer.

        It writes no summaries: asked for one, it gives nothing.
        """
        allowed = [tool for tool in tools if not only or tool.name in only]
        yield Completion(calls=tuple(next_calls(view(messages, allowed), self._meaning)) if tools else ())
