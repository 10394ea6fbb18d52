"""Recall storage as the model pages through it: one search gives a snapshot of messages, pages are cut from it."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import UTC, datetime

from docqa.events import Recalled
from docqa.memory.budget import Count, cut
from docqa.memory.recall import Recall, Said
from docqa.prompts import CUT, mistakes, passages
from docqa.tools.observations import Observation, mistake

_PAGE = 8  # messages on a page
_FOUND = 64  # messages in a snapshot


@dataclass(frozen=True, slots=True)
class Found:
    """What a search gave, the texts in it that are not the user's words, and those that are."""

    observation: Observation
    read: tuple[str, ...] = ()
    heard: tuple[str, ...] = ()


class Conversation:
    """Searches of one run in recall; ``shown`` holds the messages that the model has seen, by handle (``m12``)."""

    def __init__(self, recall: Recall, count: Count) -> None:
        self._recall, self._count = recall, count
        self._snapshots: dict[str, list[int]] = {}
        self.shown: dict[str, Recalled] = {}
        self.searched = False

    def search(self, query: str, page: int, room: int, visible: Set[int]) -> Found:
        """A page of the messages that a query finds, without those that stand in the context."""
        query = " ".join(query.split())[:1000]
        if not query:
            return Found(mistake(mistakes.EMPTY_QUERY))
        if query not in self._snapshots:
            self._snapshots[query] = [id for id in self._recall.search(query, _FOUND) if id not in visible]
        self.searched = True
        ids = self._snapshots[query]
        of = max(1, -(-len(ids) // _PAGE))
        if not 1 <= page <= of:
            return Found(mistake(mistakes.no_such_page("page", page, of)))
        said = self._recall.fetch(ids[(page - 1) * _PAGE : page * _PAGE])
        gone = len(ids[(page - 1) * _PAGE : page * _PAGE]) - len(said)
        place = passages.Place(page, of, (page - 1) * _PAGE + 1, len(ids), gone)
        where = f"page {page} of {of}, {len(said)} of {len(ids)} messages" if ids else "nothing found"
        observation = Observation(self._render(query, place, said, room), where, new=bool(said))
        users = [s for s in said if s.spoken and s.message.role == "user"]
        others = [s.message.content for s in said if s not in users]
        return Found(observation, tuple(others), tuple(s.message.content for s in users))

    def _render(self, query: str, place: passages.Place, said: list[Said], room: int) -> str:
        """The page, its messages shortened alike where there is no room for all of each."""
        each = max(24, room // max(1, len(said)))
        while True:
            text = passages.conversation_page(query, place, [self._message(s, each) for s in said])
            if self._count(text) <= room or each <= 8:
                return text
            each = each * 4 // 5

    def _message(self, said: Said, limit: int) -> str:
        handle = f"m{said.id}"
        message = said.message
        calls = " ".join(f"{call.name}({call.arguments})" for call in message.calls)
        text = f"{message.content} {calls}".strip()
        date = datetime.fromtimestamp(said.when, UTC).strftime("%Y-%m-%d %H:%M")
        by = message.role if said.spoken else f"{message.role}, within a run"
        self.shown[handle] = Recalled(said.when, by, text)
        return passages.message(handle, date, message.role, cut(text, limit, self._count, CUT))
