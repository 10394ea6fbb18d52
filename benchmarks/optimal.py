"""Scripts that play the best moves: what the agent costs with a model that makes no mistake."""

from __future__ import annotations

import re
from collections.abc import Sequence

from docqa.llm import Completion, Message, ToolCall, ToolSpec
from docqa.llm.scripted import ScriptedModel, call

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_PASSAGE = re.compile(r'<passage id="(c\d+)"[^>]*>\n(.*?)\n</passage>', re.DOTALL)


def follow_values(key: str) -> ScriptedModel:
    """A model that looks a key up, notes its value, looks that up in turn, and answers with the last value.

    It takes two steps a look-up, the last of which finds nothing, and one for the answer.
    """
    links = [key]

    def script(messages: Sequence[Message], _: Sequence[ToolSpec]) -> Completion:
        if messages[-2].role != "tool":
            return call("search_archive", query=key)
        found = _value_of(links[-1], "\n".join(message.content for message in messages if message.role == "tool"))
        if found:
            handle, value = found
            quote = f"{links[-1]}: {value}"
            links.append(value)
            note = ToolCall("note_evidence", {"claim": quote, "chunk": handle, "quote": quote})
            return Completion(calls=(note, ToolCall("search_archive", {"query": value})))
        notes = [f"e{number}" for number in range(len(links) - 1, 0, -1)]
        return call("answer", text=f"{links[-1]} [{notes[0]}]" if notes else "", citations=notes, not_found=not notes)

    return ScriptedModel(script, name="best moves")


def _value_of(key: str, text: str) -> tuple[str, str] | None:
    """Where a page of results tells the value of a key: the passage's handle and the value."""
    for handle, passage in _PASSAGE.findall(text):
        if match := re.search(rf"^{key}: ({_UUID.pattern})", passage, re.MULTILINE):
            return handle, match[1]
    return None
