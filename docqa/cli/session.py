"""What ``docqa chat`` holds: the conversation, and what came of its last question."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from docqa.cli.following import Followed
from docqa.events import Answered, Event, Evidence, EvidenceNoted
from ingest.errors import NotFoundError

if TYPE_CHECKING:
    from docqa.llm import LLM
    from docqa.memory.archival import Archival
    from docqa.memory.core import CoreMemory
    from docqa.memory.recall import Said
    from docqa.memory.recall.sql import Conversation, Store
    from docqa.recording import Recording
    from docqa.settings import Settings

_LOOKED_AT = 40  # newest messages among which the last exchange is looked for


class Run(Followed, Protocol):
    """A run that tells what fills its context."""

    def context(self) -> list[tuple[str, int]]:
        """See ``docqa.agent.Running``."""
        ...


@dataclass
class Last:
    """The last run: its answer, what it has noted, and what fills its context; it may have been stopped."""

    context: Callable[[], list[tuple[str, int]]] = list
    answer: Answered | None = None
    evidence: list[Evidence] = field(default_factory=list)


class Session:
    """One conversation at a time; the first question begins it."""

    def __init__(
        self, llm: LLM, archival: Archival, settings: Settings, store: Store, recording: Recording | None = None
    ) -> None:
        self._llm, self._archival, self._store, self._recording = llm, archival, store, recording
        self.settings = settings
        self._conversation: Conversation | None = None
        self.last = Last()

    @property
    def id(self) -> str:
        """The id of the conversation; empty before its first question."""
        return self._conversation.conversation if self._conversation else ""

    @property
    def conversation(self) -> Conversation:
        """The conversation, begun where there is none."""
        self._conversation = self._conversation or self._store.conversation()
        return self._conversation

    def resume(self, id: str) -> list[Said]:
        """Go on with a conversation; gives the last question in it and what was answered.

        Raises:
            NotFoundError: the user has no such conversation.
        """
        try:
            self._conversation = self._store.conversation(id)
        except NotFoundError:
            listed = "'docqa chat --list' shows those that there are"
            raise NotFoundError(f"There is no conversation '{id}'; {listed}.") from None
        said = self._conversation.recent(_LOOKED_AT)
        asked = [place for place, one in enumerate(said) if one.message.role == "user"]
        return said[asked[-1] :] if asked else said[-1:]

    def new(self) -> None:
        """Leave the conversation: the next question begins another."""
        self._conversation, self.last = None, Last()

    def ask(self, question: str) -> Generator[Event, None, None]:
        """Answer a question in the conversation, and keep in mind what comes of it."""
        self.last = Last()
        run = self._run(question)
        last = self.last = Last(run.context)
        with closing(run):
            for event in run:
                if isinstance(event, EvidenceNoted):
                    last.evidence.append(event.evidence)
                elif isinstance(event, Answered):
                    last.answer, last.evidence = event, list(event.evidence)
                yield event

    def _run(self, question: str) -> Run:
        from docqa.agent import Agent

        if self._recording:
            parts = self._llm, self._archival, self.settings
            return self._recording.run(*parts, question, recall=self.conversation)
        return Agent(self._llm, self._archival, self.settings).run(question, recall=self.conversation)

    def core(self) -> CoreMemory:
        """The user's core memory, counted by the model."""
        from docqa.memory.core import CoreMemory, most_tokens

        return CoreMemory(self.conversation, self._llm.count, most_tokens(self.settings))
