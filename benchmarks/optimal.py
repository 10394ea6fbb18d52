"""Scripts that play the best moves: what the agent costs with a model that makes no mistake."""

from __future__ import annotations

import re
from collections.abc import Sequence

from docqa.llm import Completion, Message, ToolSpec
from docqa.llm.scripted import ScriptedModel, call

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
FEW, MOST_PAGES = 3, 3
_PASSAGE = re.compile(r'<passage id="(c\d+)"[^>]*>\n(.*?)\n</passage>', re.DOTALL)


def follow_values(key: str) -> ScriptedModel:
    """A model that looks a key up, notes its value, looks that up in turn, and answers with the last value.

    It takes two steps a link, since in a small window a note would take room from the results; a last search, which
    finds nothing; and one step for the answer. Where a page holds fewer than three passages it turns to the next.
    """
    links, noted = [key], [""]
    pages = [0]

    def script(messages: Sequence[Message], _: Sequence[ToolSpec]) -> Completion:
        if noted[-1] != links[-1]:  # the value was noted: look it up
            noted.append(links[-1])
            pages[0] = 1
            return call("search_archive", query=links[-1])
        results = [message.content for message in messages if message.role == "tool"]
        if found := _value_of(links[-1], "\n".join(results)):
            handle, value = found
            quote = f"{links[-1]}: {value}"
            links.append(value)
            return call("note_evidence", claim=quote, chunk=handle, quote=quote)
        if len(_PASSAGE.findall(results[-1])) < FEW and pages[0] < MOST_PAGES:
            pages[0] += 1
            return call("search_archive", query=links[-1], page=pages[0])
        notes = [f"e{number}" for number in range(len(links) - 1, 0, -1)]
        return call("answer", text=f"{links[-1]} [{notes[0]}]" if notes else "", citations=notes, not_found=not notes)

    return ScriptedModel(script, name="best moves")


def _value_of(key: str, text: str) -> tuple[str, str] | None:
    """Where a page of results tells the value of a key: the passage's handle and the value."""
    for handle, passage in _PASSAGE.findall(text):
        if match := re.search(rf"^{key}: ({_UUID.pattern})", passage, re.MULTILINE):
            return handle, match[1]
    return None
