"""What an agent run says while it runs: one frozen record per kind, in the order in which things happen.

Whoever wants only the answer drains the run and keeps the last event, which is always ``Answered``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ingest.types import Rect

EXTRACTIVE = "extractive reader"
"""The model's name where the built-in reader answers, which is no language model."""
OTHER_WORDS = "No language model read the documents: an answer in other words may have been missed."
"""What is said where that reader has found nothing."""


@dataclass(frozen=True, slots=True)
class Citation:
    """A quote that stands in the archive: where it stands and what it says, word for word.

    ``marker`` is the number by which the answer's text refers to it, as in ``[1]``. ``start`` and ``end`` are its
    character span on the page, ``rects`` its rectangles there.
    """

    marker: int
    document: str
    title: str
    page: int
    chunk: str
    quote: str
    start: int
    end: int
    rects: tuple[Rect, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """An entry of the evidence ledger: a claim and the citation that carries it."""

    claim: str
    citation: Citation


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The run begins: the question, and the model that answers it."""

    question: str
    model: str


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step begins: its number from 1, and how full the main context is (tokens used of the budget).

    ``repeated`` of them stand in the same place as in the step before, so that the server's prompt cache holds them.
    ``only`` names the functions that the step may call; empty: all.
    """

    step: int
    used: int
    budget: int
    repeated: int = 0
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TextWritten:
    """A piece of text that the model writes beside its calls."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """The model calls a function."""

    step: int
    name: str
    arguments: dict[str, object]


@dataclass(frozen=True, slots=True)
class Observed:
    """What a function gave back, as the model sees it; ``summary`` is the same in a short line for people.

    ``ok`` is false where the call was a mistake that the model is told about.
    """

    step: int
    name: str
    text: str
    summary: str
    ok: bool = True


@dataclass(frozen=True, slots=True)
class EvidenceNoted:
    """The model put a claim with its quote into the evidence ledger."""

    step: int
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Remembered:
    """The model changed core memory: a text came into a block, or was ``forgotten`` there."""

    step: int
    block: str
    text: str
    forgotten: bool = False


@dataclass(frozen=True, slots=True)
class Evicted:
    """Messages left the main context for recall storage: how many, the tokens that this freed, and the summary since.

    ``by_model``: the model wrote the summary; else it is extractive, because the model did not.
    """

    step: int
    messages: int
    tokens: int
    summary: str = ""
    by_model: bool = False


@dataclass(frozen=True, slots=True)
class Recalled:
    """A message of the conversation that an answer rests on: when (seconds since 1970), whose, and its text."""

    when: float
    by: str
    text: str


Outcome = Literal["answered", "not_found", "partial"]


@dataclass(frozen=True, slots=True)
class Answered:
    """The run ends. ``partial`` names the limit that ended it in ``limit``; ``not_found``: the documents do not say.

    ``recalled`` are messages of the conversation that it rests on. ``cached_tokens`` of the prompts came from the
    server's cache.
    """

    text: str
    citations: tuple[Citation, ...]
    outcome: Outcome
    model: str
    steps: int
    seconds: float
    prompt_tokens: int
    answer_tokens: int
    limit: str = ""
    evidence: tuple[Evidence, ...] = field(default=())
    recalled: tuple[Recalled, ...] = ()
    cached_tokens: int = 0


Event = RunStarted | StepStarted | TextWritten | ToolCalled | Observed | EvidenceNoted | Remembered | Evicted | Answered
