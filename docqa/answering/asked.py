"""What is asked, and when two questions are the same."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

from docqa.errors import QuestionError, RecordError
from docqa.llm import Message
from docqa.recording.codec import decode, dumps, encode
from docqa.settings import Settings

_SHAPING = ("context_window", "reserved_answer", "max_steps", "max_tokens", "max_seconds", "summary", "search_hits")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a user, and what it is about.

    Args:
        tenant: whose documents.
        user: whose conversation and core memory.
        question: the user's words.
        history: a conversation before it that is not kept here.
        collections: which of them; empty: all.
        within: ids of the documents that alone are looked at; None: all, empty: none.
        conversation: the id of the kept conversation that it belongs to; empty: nothing is remembered.
        kind: what asks: ``chat``, ``response``, ``search`` and the like.
        fresh: whether an answer that was given before is passed over.
        max_seconds: wall time of the run, at most that of the settings; 0: theirs.
        max_steps: calls of the model, at most those of the settings; 0: theirs.
        api_key: the id of the API key that asks: with it the run ends. Empty: there is none.
    """

    tenant: str
    user: str
    question: str
    history: tuple[Message, ...] = ()
    collections: tuple[str, ...] = ()
    within: tuple[str, ...] | None = None
    conversation: str = ""
    kind: str = "chat"
    fresh: bool = False
    max_seconds: float = 0
    max_steps: int = 0
    api_key: str = ""

    def as_json(self) -> Any:
        """The question as JSON, for a worker that is to answer it: it was let in, and needs no key any more."""
        return encode(replace(self, api_key=""))

    @classmethod
    def of_json(cls, value: Any) -> Asked:
        """The question that ``as_json`` made this of.

        Raises:
            RecordError: it is none.
        """
        try:
            asked: Asked = decode(cls, value)
        except TypeError as error:
            raise RecordError(f"A question that was left to a worker cannot be read: {error}.") from None
        return asked

    def check(self, settings: Settings) -> None:
        """Refuse what cannot be asked.

        Raises:
            QuestionError: the question is empty or too long.
        """
        length, most = len(self.question), settings.max_question_chars
        if not self.question.strip():
            raise QuestionError("The question is empty.")
        if length > most:
            raise QuestionError(f"The question has {length:,} characters; DOCQA_MAX_QUESTION_CHARS allows {most:,}.")

    def settings(self, settings: Settings) -> Settings:
        """The settings of the run: with its tenant, its user and its limits."""
        seconds, steps = self.max_seconds or settings.max_seconds, self.max_steps or settings.max_steps
        limits = {"max_seconds": min(seconds, settings.max_seconds), "max_steps": min(steps, settings.max_steps)}
        return settings.model_copy(update={"tenant": self.tenant, "user": self.user, **limits})

    def key(self, by: str, settings: Settings, fingerprint: str) -> str:
        """The same for questions of one user that have the same answer; another's would show what that one asked.

        Args:
            by: what answers.
            settings: those of the run.
            fingerprint: the state of the collections.
        """
        shaping = [getattr(settings, name) for name in _SHAPING]
        within = None if self.within is None else sorted(self.within)
        about = [self.user, self.question.strip(), encode(self.history), sorted(self.collections), within]
        text = dumps([by, shaping, settings.llm_temperature, settings.llm_seed, about, fingerprint])
        return hashlib.sha256(text.encode()).hexdigest()
