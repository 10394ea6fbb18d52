"""Recall storage: the whole conversation, kept and searchable, and the core memory of its user (MemGPT, Packer et al.,
2023).

``open_recall`` gives the one in SQL; ``RunRecall`` lives within the process and is gone with it.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from docqa.llm import Message

if TYPE_CHECKING:
    from docqa.memory.recall.sql import Store
    from docqa.settings import Settings
    from ingest.library import Library


@dataclass(frozen=True, slots=True)
class Said:
    """A message that is kept: its id, the conversation and when it was said (seconds since 1970).

    ``spoken`` tells what user and agent said to each other from the calls and results between.
    """

    id: int
    conversation: str
    when: float
    spoken: bool
    message: Message


class Recall(Protocol):
    """What one conversation of a user keeps, and what can be found in all conversations of that user.

    ``lasting`` is false where it goes with the run: then the model is not offered what only a conversation needs.
    """

    conversation: str
    lasting: bool

    def add(self, messages: Sequence[Message], spoken: bool = False) -> list[int]:
        """Keep some messages, after those that are kept already; gives their ids, which grow.

        Raises:
            NotFoundError: the conversation was deleted meanwhile.
            RecallError: they could not be stored.
        """
        ...

    def recent(self, most: int) -> list[Said]:
        """The newest ``most`` spoken messages of this conversation, oldest first."""
        ...

    def search(self, query: str, most: int) -> list[int]:
        """The ids of at most ``most`` messages of all the user's conversations, best first, by words and by meaning."""
        ...

    def fetch(self, ids: Sequence[int]) -> list[Said]:
        """The messages of these ids, in this order; those that are gone, or another user's, are left out."""
        ...

    def index(self) -> None:
        """Make what was added findable by meaning; what is not yet is found by its words alone."""
        ...

    def summary(self) -> tuple[str, int]:
        """The recursive summary of this conversation's older messages, and the id of the last one that is in it (0)."""
        ...

    def summarise(self, text: str, until: int) -> None:
        """Replace that summary; ``until``: the id of the last message that is in it."""
        ...

    def blocks(self) -> dict[str, str]:
        """The user's core memory: the text of each block."""
        ...

    def write_block(self, name: str, text: str) -> None:
        """Replace a block of core memory."""
        ...


def open_recall(settings: Settings, library: Library) -> Store:
    """The store of all conversations of ``settings.tenant`` and ``settings.user``, in SQL.

    Raises:
        RecallError: it cannot be opened.
    """
    from docqa.memory.recall.sql import Store

    return Store.open(settings, library)


class RunRecall:
    """Recall in memory, gone with the process; found by words."""

    def __init__(self, conversation: str = "run", lasting: bool = True) -> None:
        """``lasting`` where further runs are to go on with it."""
        self.conversation, self.lasting = conversation, lasting
        self._kept: list[Said] = []
        self._lock = threading.Lock()
        self._summary = ("", 0)
        self._blocks: dict[str, str] = {}

    def add(self, messages: Sequence[Message], spoken: bool = False) -> list[int]:
        """See ``Recall.add``."""
        with self._lock:
            first, now = len(self._kept) + 1, time.time()
            said = [Said(number, self.conversation, now, spoken, m) for number, m in enumerate(messages, first)]
            self._kept += said
        return [one.id for one in said]

    def recent(self, most: int) -> list[Said]:
        """See ``Recall.recent``."""
        return [said for said in self._kept if said.spoken][-most:] if most > 0 else []

    def search(self, query: str, most: int) -> list[int]:
        """See ``Recall.search``: those that share the most words with the query, the newest first among equals."""
        wanted = set(re.findall(r"\w+", query.casefold()))
        shared = [(len(wanted & set(re.findall(r"\w+", s.message.content.casefold()))), s.id) for s in self._kept]
        return [id for count, id in sorted(shared, key=lambda found: (-found[0], -found[1])) if count][:most]

    def fetch(self, ids: Sequence[int]) -> list[Said]:
        """See ``Recall.fetch``."""
        return [self._kept[id - 1] for id in ids if 0 < id <= len(self._kept)]

    def index(self) -> None:
        """See ``Recall.index``: there is nothing to do."""

    def summary(self) -> tuple[str, int]:
        """See ``Recall.summary``."""
        return self._summary

    def summarise(self, text: str, until: int) -> None:
        """See ``Recall.summarise``."""
        self._summary = (text, until)

    def blocks(self) -> dict[str, str]:
        """See ``Recall.blocks``."""
        return dict(self._blocks)

    def write_block(self, name: str, text: str) -> None:
        """See ``Recall.write_block``."""
        self._blocks[name] = text
