"""Texts that are too long for the window, a user's message most of all: cut into pages that are read one by one."""

from __future__ import annotations

from docqa import prompts
from docqa.memory.budget import Count, cut, cut_tail

PAGE_CHARS = 1600
_FRAME_SLACK = 12  # tokens, for tokenizers that count a whole higher than its parts


def pages(text: str) -> list[str]:
    """A text in pages of at most 1,600 characters, cut at white space where there is any."""
    found: list[str] = []
    while len(text) > PAGE_CHARS:
        at = max(text.rfind(" ", PAGE_CHARS // 2, PAGE_CHARS), text.rfind("\n", PAGE_CHARS // 2, PAGE_CHARS))
        at = at + 1 if at > 0 else PAGE_CHARS
        found.append(text[:at])
        text = text[at:]
    return [*found, text] if text or not found else found


def asked(question: str, room: int, count: Count) -> str:
    """A question as it is shown: whole, or its beginning and end where it has more than ``room`` tokens."""
    whole = prompts.question(question)
    number = len(pages(question))
    frame = count(prompts.long_question("", "", number)) + _FRAME_SLACK
    if count(whole) <= room or room < frame + 16:
        return whole
    head = cut(question, (room - frame) * 2 // 3, count)
    tail = cut_tail(question[len(head) :], (room - frame) // 3, count)
    return prompts.long_question(head, tail, number)
