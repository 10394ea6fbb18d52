"""Recall storage: what left the main context, kept whole.

Here within the process and for one run; a run's conversation is lost with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from docqa.llm import Message


class Recall(Protocol):
    """Where evicted messages go."""

    def add(self, messages: Sequence[Message]) -> None:
        """Keep some messages, after those that are kept already."""
        ...

    def messages(self) -> Sequence[Message]:
        """All that was kept, oldest first."""
        ...


class RunRecall:
    """Recall of one run, in memory."""

    def __init__(self) -> None:
        self._kept: list[Message] = []

    def add(self, messages: Sequence[Message]) -> None:
        """Keep some messages, after those that are kept already."""
        self._kept.extend(messages)

    def messages(self) -> Sequence[Message]:
        """All that was kept, oldest first."""
        return tuple(self._kept)
