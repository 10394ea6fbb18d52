"""The summary of what was evicted: recursive, written by the model as in MemGPT (Packer et al., 2023); where the model
does not write it, extractive, one line for each message, the oldest thinned out first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

from docqa import prompts
from docqa.llm import Message
from docqa.memory.budget import Count, cut

_WORDS = 160  # characters kept of a message in an extractive summary,
_EXCERPT = 600  # and in what the model is given to summarise

Write = Callable[[str, int], str]
"""Writes a summary of a text in at most so many tokens; an empty text where it cannot."""


class Summary:
    """At most ``limit`` tokens about what left the context."""

    def __init__(self, count: Count, limit: int, write: Write | None = None, text: str = "") -> None:
        """``write``: the model that writes it, none for an extractive one. ``text``: a summary to go on from."""
        self._count, self._limit, self._write = count, limit, write
        self._lines = text.splitlines()
        self.text = ""
        self.by_model = False
        if text:
            self._thin()

    @property
    def shown(self) -> str:
        """The summary as the model sees it; empty where nothing was evicted."""
        return prompts.earlier(self.text) if self.text else ""

    def fold(self, messages: Sequence[Message]) -> None:
        """Add evicted messages."""
        written = self._written(messages) if self._write else ""
        self.by_model = bool(written)
        if written:
            self._lines = written.splitlines()
            self.text = written
            return
        for message in messages:
            self._lines.extend(_line(message))
        self._thin()

    def recount(self) -> None:
        """Cut what no longer fits, because the model counts otherwise now."""
        room = self._limit - self._count(prompts.earlier("")) - 4
        if self.text and not self._fits():
            self.text = cut(self.text, room, self._count, prompts.CUT)
            self._lines = self.text.splitlines()

    def _written(self, messages: Sequence[Message]) -> str:
        """What the model writes, cut to the limit; empty where it fails."""
        room = self._limit - self._count(prompts.earlier("")) - 4
        if self._write is None or room < 24:
            return ""
        excerpts = [excerpt for message in messages if (excerpt := _excerpt(message))]
        told = self._write(prompts.to_summarise(self.text, excerpts), room)
        return cut(" ".join(told.split()), room, self._count, prompts.CUT)

    def _thin(self) -> None:
        """Make the lines fit: older ones are shortened, then left out."""
        for longest in (_WORDS, _WORDS // 2, _WORDS // 4):
            self.text = "\n".join(line[:longest] if len(line) > longest else line for line in self._lines)
            if self._fits():
                return
        self._lines = [line[:longest] for line in self._lines]
        while len(self._lines) > 1:
            self._lines = self._lines[(len(self._lines) + 3) // 4 :]
            self.text = "\n".join(self._lines)
            if self._fits():
                return
        frame = self._count(prompts.earlier(""))
        self.text = cut(self.text, self._limit - frame - 4, self._count, prompts.CUT)

    def _fits(self) -> bool:
        return self._count(prompts.earlier(self.text)) <= self._limit


def _line(message: Message) -> list[str]:
    """A message in one line: a call with its arguments, the head of a page of results, or the first words of a text."""
    if message.calls:
        made = [(call.name, json.dumps(call.arguments, ensure_ascii=False, default=str)) for call in message.calls]
        return [f"{name}{arguments}"[:_WORDS] for name, arguments in made]
    words = " ".join(re.sub(r"<[^>]*>", " ", message.content[: 4 * _WORDS]).split())
    return [f"{message.role}: {words}"[:_WORDS]] if words else []


def _excerpt(message: Message) -> str:
    """A message as the model is given it to summarise: passages stay in the archive, so their beginnings are enough."""
    calls = [f"{call.name}{json.dumps(call.arguments, ensure_ascii=False, default=str)}" for call in message.calls]
    text = " ".join([message.content, *calls]).strip()
    return f"{message.role}: {text[:_EXCERPT]}" if text else ""
