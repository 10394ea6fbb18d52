"""Runs of the agent over a small shelf, with a model that plays a script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from docqa.agent import Agent
from docqa.events import Answered, Event, Observed, StepStarted
from docqa.llm import Completion, Message
from docqa.llm.scripted import Script, ScriptedModel, call
from docqa.memory.recall import Recall, RunRecall
from docqa.settings import Settings
from ingest.types import Chunk
from tests.docqa.shelf import Shelf, chunk, chunks

TEXTS = ("The harbour was built in 1931 by Quay Works.", "Quay Works was born in Selby.", "The crane is red.")
SEARCH = call("search_archive", query="who built the harbour")
NOTE = call("note_evidence", claim="Works built it", chunk="c1", quote="built in 1931 by Quay Works")
ANSWER = call("answer", text="Quay Works [e1].", citations=["e1"])
NOTHING = call("answer", text="The documents do not say.", not_found=True)
Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Played:
    """A run that is over: what it said, what its model was sent, and what the shelf was asked for."""

    events: list[Event]
    model: ScriptedModel
    shelf: Shelf

    def of(self, kind: type[Kind]) -> list[Kind]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def answer(self) -> Answered:
        """The last event, which is the only answer."""
        (answered,) = self.of(Answered)
        assert self.events[-1] is answered
        return answered

    @property
    def told(self) -> list[str]:
        """What the model got back, call by call."""
        return [event.text for event in self.of(Observed)]

    @property
    def only(self) -> list[tuple[str, ...]]:
        """Which functions each step could call."""
        assert [event.only for event in self.of(StepStarted)] == [request.only for request in self.model.requests]
        return [request.only for request in self.model.requests]

    @property
    def last(self) -> list[str]:
        """The last message of each request."""
        return [request.messages[-1].content for request in self.model.requests]


def play(
    script: Sequence[Completion] | Script | ScriptedModel,
    shelf: Sequence[str] | Sequence[Chunk] = TEXTS,
    question: str = "Who built it?",
    recall: Recall | None = None,
    history: Sequence[Message] = (),
    **settings: Any,
) -> Played:
    """A run to its end over texts (one on each page of a document) or chunks."""
    model = script if isinstance(script, ScriptedModel) else ScriptedModel(script)
    kept = Shelf(chunks(*shelf) if isinstance(shelf[0], str) else shelf)  # type: ignore[arg-type]
    return Played(list(Agent(model, kept, Settings(**settings)).run(question, history, recall)), model, kept)


def together(*completions: Completion) -> Completion:
    """One completion with the calls of several."""
    return Completion(calls=tuple(c for completion in completions for c in completion.calls))


def search(query: str, page: int = 1) -> Completion:
    """A search of the archive."""
    return call("search_archive", query=query, page=page)


def noise(count: int, words: int = 180) -> list[Chunk]:
    """Chunks that say nothing, all found by "noise"."""
    return [chunk(f"noise {n} " + "word " * words, n, 1, "Noise") for n in range(count)]


def conversation(*said: str) -> RunRecall:
    """A conversation in which user and agent have spoken in turns."""
    recall = RunRecall()
    for place, text in enumerate(said):
        recall.add([Message("assistant" if place % 2 else "user", text)], spoken=True)
    return recall


def sizes(played: Played) -> list[tuple[int, int]]:
    """Tokens used and budget of each step."""
    return [(event.used, event.budget) for event in played.of(StepStarted)]
