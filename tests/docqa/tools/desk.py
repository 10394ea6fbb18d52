"""Tools over a shelf, called as a model would."""

from __future__ import annotations

from typing import Any

from docqa.llm import ToolCall
from docqa.memory.core import CoreMemory
from docqa.memory.evidence import Ledger
from docqa.memory.leads import Leads
from docqa.memory.recall import RunRecall
from docqa.tools import NAMES, Observation, Tools
from docqa.tools.functions import Memory
from ingest.tokens import count
from tests.docqa.shelf import Shelf, chunks

TEXTS = ("The harbour was built in 1931 by Quay Works.", "Quay Works was born in Selby.", "The crane | 42 t | red")
QUESTION = "Who built the harbour?"


class Desk:
    """Tools over a shelf, called as a model would."""

    def __init__(self, shelf: Shelf | None = None, page_tokens: int = 2000, question: str = QUESTION) -> None:
        self.ledger = Ledger(count)
        self.recall, self.leads = RunRecall(), Leads(question)
        self.core = CoreMemory(self.recall, count, 400)
        self.visible: tuple[set[str], set[int]] = (set(), set())
        self.said: list[str] = []
        self.shelf = shelf or Shelf(chunks(*TEXTS))
        memory = Memory(
            self.shelf,
            self.ledger,
            self.core,
            self.recall,
            self.leads,
            question,
            lambda: self.visible,
            lambda: self.said,
        )
        self.tools = Tools(memory, count, page_tokens)

    def call(self, name: str, room: int = 2000, **arguments: Any) -> Observation:
        return self.tools.call(ToolCall(name, arguments), NAMES, room)

    def refused(self, name: str, **arguments: Any) -> str:
        """What the model is told of its mistake."""
        observation = self.call(name, **arguments)
        assert not observation.ok
        return observation.text


def searched() -> Desk:
    desk = Desk()
    desk.call("search_archive", query="harbour built by Works")
    return desk
