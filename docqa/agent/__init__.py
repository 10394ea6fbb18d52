"""The agent: a loop of model calls and tools that ends with a cited answer, as a generator of events.

It sees protocols only: a model, archival storage and recall storage. It ends by the model's ``answer``, or by a limit
on steps, tokens or seconds, and then it says what it has found so far. A mistake of the model becomes an observation;
ours raises.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from docqa import prompts
from docqa.agent.run import Run
from docqa.agent.running import Running
from docqa.errors import QuestionError
from docqa.llm import LLM, Message
from docqa.memory.archival import Archival
from docqa.memory.recall import Recall, RunRecall
from docqa.settings import Settings

__all__ = ["Agent", "Running"]


class Agent:
    """Answers questions with a model over archival storage. Runs share nothing, so one agent serves many threads."""

    def __init__(
        self, llm: LLM, archival: Archival, settings: Settings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``clock`` tells the seconds by which a run's limits are kept."""
        self._llm = llm
        self._archival = archival
        self._settings = settings
        self._clock = clock

    def run(self, question: str, history: Sequence[Message] = (), recall: Recall | None = None) -> Running:
        """Answer a question, yielding what happens; the last event is always ``Answered``.

        The run stops where the iterator is closed. Its ``context()`` tells what fills the window.

        Args:
            question: the user's words.
            history: a conversation before it that recall does not hold.
            recall: the conversation that it belongs to; none: one that is forgotten with the run.

        Raises:
            QuestionError: the question is empty or too long; raised at once.
            ContextError: the window is too small; raised at once.
            RecallError: the question could not be stored; raised at once.
            DocqaError: while it runs, where the model, the archive or recall storage fails.
        """
        question = prompts.well_formed(question).strip()
        history = [replace(message, content=prompts.well_formed(message.content)) for message in history]
        most = self._settings.max_question_chars
        if not question:
            raise QuestionError("The question is empty.")
        if len(question) > most:
            raise QuestionError(
                f"The question has {len(question):,} characters; DOCQA_MAX_QUESTION_CHARS allows {most:,}."
            )
        run = Run(self._llm, self._archival, self._settings, recall or RunRecall(lasting=False), self._clock)
        context = run.ask(question, history)
        return Running(run.events(), context.contents)
