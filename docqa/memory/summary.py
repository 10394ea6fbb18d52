"""The summary of what was evicted: extractive and recursive, one line for each exchange, the oldest thinned out
first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from docqa import prompts
from docqa.llm import Message
from docqa.memory.budget import Count, cut

_WORDS = 160  # characters kept of a message


class Summary:
    """At most ``limit`` tokens about what left the context: which calls were made and the first words of what they
    gave.
    """

    def __init__(self, count: Count, limit: int) -> None:
        self._count = count
        self._limit = limit
        self._lines: list[str] = []
        self.text = ""

    def fold(self, messages: Sequence[Message]) -> None:
        """Add evicted messages. Where they are too many, older lines are halved, then left out."""
        for message in messages:
            self._lines.extend(_line(message))
        for longest in (_WORDS, _WORDS // 2, _WORDS // 4):
            self.text = "\n".join(line[:longest] for line in self._lines)
            if self._count(prompts.earlier(self.text)) <= self._limit:
                return
        self._lines = [line[:longest] for line in self._lines]
        while len(self._lines) > 1:
            self._lines = self._lines[(len(self._lines) + 3) // 4 :]
            self.text = "\n".join(self._lines)
            if self._count(prompts.earlier(self.text)) <= self._limit:
                return
        frame = self._count(prompts.earlier(""))
        self.text = cut(self.text, self._limit - frame - 4, self._count, prompts.CUT)


def _line(message: Message) -> list[str]:
    """A message in one line: a call with its arguments, the head of a page of results, or the first words of a text."""
    if message.calls:
        made = [(call.name, json.dumps(call.arguments, ensure_ascii=False, default=str)) for call in message.calls]
        return [f"{name}{arguments}"[:_WORDS] for name, arguments in made]
    words = " ".join(re.sub(r"<[^>]*>", " ", message.content[: 4 * _WORDS]).split())
    return [f"{message.role}: {words}"[:_WORDS]] if words else []
