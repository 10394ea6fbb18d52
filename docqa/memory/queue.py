"""The queue of the main context: messages in order, which of them may leave, and which of them leave first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from docqa.llm import Message


@dataclass(frozen=True, slots=True)
class Entry:
    """Messages that stay and leave together, and their tokens: a call and its result, or one message.

    ``step`` is 0 for what came before the run. ``call`` tells repeated calls, ``gave`` is their result in short.
    ``ids`` are those of the messages in recall, ``chunks`` those that stand in it whole, ``above`` those that it points
    to.
    """

    step: int
    messages: tuple[Message, ...]
    tokens: int
    call: str = ""
    gave: str = ""
    pinned: bool = False
    ids: tuple[int, ...] = ()
    chunks: frozenset[str] = frozenset()
    above: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Eviction:
    """What left the context at once: how many messages, their tokens, and the summary since."""

    messages: int
    tokens: int
    summary: str
    by_model: bool


@dataclass(frozen=True, slots=True)
class Exchange:
    """A call of the model's with what it gave, to be put into the context.

    ``call`` tells the call when it is repeated, ``gave`` is its result in short, ``chunks`` are the ids of those shown,
    ``above`` of those that it points to.
    """

    message: Message
    result: Message
    call: str = ""
    gave: str = ""
    chunks: frozenset[str] = frozenset()
    above: frozenset[str] = frozenset()


class Queue:
    """Entries, oldest first."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def append(self, entry: Entry) -> None:
        """Put an entry at the end."""
        self._entries.append(entry)

    def recount(self, tokens: Callable[[Sequence[Message]], int]) -> None:
        """Count all entries anew."""
        self._entries = [replace(entry, tokens=tokens(entry.messages)) for entry in self._entries]

    def squeeze(
        self, excess: int, shorten: Callable[[Message, int], Message], tokens: Callable[[Sequence[Message]], int]
    ) -> bool:
        """Shorten a message of the longest entry that may be cut by ``excess`` tokens or a quarter, its longest one if
        that can be cut; false where none can.
        """
        for entry in sorted((e for e in self._entries if not e.pinned), key=lambda e: -e.tokens):
            for long in sorted(entry.messages, key=lambda message: -tokens([message])):
                before = tokens([long])
                short = shorten(long, max(8, before - max(excess, before // 4)))
                if tokens([short]) >= before:
                    continue
                messages = tuple(short if message is long else message for message in entry.messages)
                cut = replace(entry, messages=messages, tokens=tokens(messages), call="", chunks=frozenset())
                self._entries = [cut if e is entry else e for e in self._entries]
                return True
        return False

    @property
    def tokens(self) -> int:
        """Tokens of all entries that are not pinned."""
        return sum(entry.tokens for entry in self._entries if not entry.pinned)

    @property
    def chunks(self) -> set[str]:
        """Ids of the chunks that stand in the queue whole."""
        return {chunk for entry in self._entries for chunk in entry.chunks}

    @property
    def ids(self) -> set[int]:
        """Ids of the messages in it."""
        return {id for entry in self._entries for id in entry.ids}

    def spent(self, step: int) -> int:
        """Tokens of one step's entries."""
        return sum(entry.tokens for entry in self._entries if entry.step == step > 0)

    def newest(self) -> int:
        """The step of the last entry, 0 where there is none."""
        return self._entries[-1].step if self._entries else 0

    def made(self, call: str) -> Entry | None:
        """The entry of a call whose whole result still stands here, with what it points to."""
        return next((e for e in self._entries if call and e.call == call and e.above <= self.chunks), None)

    def leave(self, newest: int) -> list[Entry]:
        """Take out the older half of what may leave; a step from ``newest`` on stays, and what is pinned."""
        may = [
            e
            for e in self._entries
            if not e.pinned and (e.step < newest or (e.step == 0 and e is not self._entries[-1]))
        ]
        leaving = may[: (len(may) + 1) // 2]
        gone = {id(e) for e in leaving}
        self._entries = [e for e in self._entries if id(e) not in gone]
        return leaving
