"""Main contexts as the tests of the memory lay them out."""

from __future__ import annotations

from typing import Any

from docqa.events import Citation, Evidence
from docqa.llm import Message, ToolCall
from docqa.llm.scripted import ScriptedModel
from docqa.memory.budget import Counter
from docqa.memory.context import MainContext
from docqa.memory.core import CoreMemory
from docqa.memory.evidence import Ledger
from docqa.memory.queue import Exchange
from docqa.memory.recall import RunRecall
from docqa.memory.shortening import call_message
from docqa.memory.summary import Write
from docqa.prompts.status import State
from docqa.tools import CORE, specs
from ingest import tokens

CALL = ToolCall("search_archive", {"query": "harbour"}, "s1c1")


class Glued(ScriptedModel):
    """A model whose tokenizer counts a whole slightly higher than the sum of its parts."""

    def count(self, text: str) -> int:
        return tokens.count(text) + (len(text) > 20) + (len(text) > 200)


def context(
    window: int = 4096,
    reserved: int = 1024,
    library: str = "3 documents",
    *,
    model: Any = None,
    ledger: Ledger | None = None,
    recall: RunRecall | None = None,
    core: int = 0,
    write: Write | None = None,
) -> MainContext:
    """A context with the four functions of a small window and core memory of at most ``core`` tokens."""
    count = Counter((model or ScriptedModel([])).count)
    recall = recall or RunRecall()
    kept = ledger if ledger is not None else Ledger(count)
    memory = CoreMemory(recall, count, core)
    return MainContext(count, window, reserved, specs(CORE), library, kept, recall, memory, write)


def exchange(context: MainContext, step: int, text: str, call: ToolCall = CALL, key: str = "", **more: Any) -> str:
    """Admit one call and its result; what of the result was admitted."""
    room = context.room(step)
    message = call_message("", call, room // 2, context._count)
    result = Message("tool", text, call_id=message.calls[0].id)
    return context.admit(step, Exchange(message, result, key, "3 passages", **more), room)


def built(context: MainContext, step: int, notes: str = "", last: bool = False) -> list[Message]:
    """The messages of a step of sixteen."""
    return context.build(State(step, 16, 0, 1, last=last), notes)


def evidence(claim: str, quote: str) -> Evidence:
    """An entry of the ledger."""
    return Evidence(claim, Citation(1, "d", "Harbour report", 3, "id", quote, 0, len(quote)))
