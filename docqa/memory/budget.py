"""How many tokens the messages of one model call take, and how many they may take.

Everything that is sent is counted: each message whole as it is rendered, its calls, an overhead per message for the
marks that chat templates put around it, and the schemas of the functions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

from docqa.llm import Message, ToolCall, ToolSpec

Count = Callable[[str], int]
_PROBE = "The harbour of 182468ea-2fe7-4d32 was built in 1931. " * 40  # long, so that a small change shows
_KEPT = 4096  # texts whose counts are kept
OVERHEAD = 4  # marks around one message: OpenAI's cookbook counts 3 to 4 for its chat format
START = 3  # marks that begin the model's answer


class Counter:
    """A model's token count with a memory, so that what stays in the context is counted once."""

    def __init__(self, count: Count) -> None:
        self._ask = count
        self._known: dict[str, int] = {}
        self._probed = count(_PROBE)

    def __call__(self, text: str) -> int:
        """Tokens of a text."""
        known = self._known.get(text)
        if known is None:
            if len(self._known) >= _KEPT:
                self._known.clear()
            known = self._known[text] = self._ask(text)
        return known

    def changed(self) -> bool:
        """Whether the model counts otherwise than before, because it has learned; then all is counted anew."""
        now = self._ask(_PROBE)
        if now == self._probed:
            return False
        self._probed = now
        self._known.clear()
        return True


def rendered(message: Message) -> str:
    """A message with its calls as one text, for counting."""
    return "\n".join([message.role, message.content, *(_call(call) for call in message.calls), message.call_id])


def _call(call: ToolCall) -> str:
    arguments = json.dumps(call.arguments, ensure_ascii=False, default=str)
    return json.dumps({"id": call.id, "name": call.name, "arguments": arguments}, ensure_ascii=False)


def message_tokens(message: Message, count: Count) -> int:
    """Tokens that a message takes: its content, which was mostly counted before, and what stands around it."""
    return count(message.content) + count(rendered(replace(message, content=""))) + OVERHEAD


def schema(tools: Sequence[ToolSpec]) -> str:
    """The functions as one text, for counting."""
    specs = [{"name": t.name, "description": t.description, "parameters": t.parameters} for t in tools]
    return json.dumps(specs, ensure_ascii=False)


def prompt_tokens(count: Count, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> int:
    """What a call of the model with these messages and functions takes of its window."""
    return START + count(schema(tools)) + sum(message_tokens(m, count) for m in messages)


def answer_room(window: int, reserved: int) -> int:
    """Tokens kept free for what the model writes: as set, but no more than a quarter of a small window."""
    return min(reserved, window // 4)


def cut_tail(text: str, limit: int, count: Count) -> str:
    """The longest end of a text that has at most ``limit`` tokens, to within a tenth."""
    size = min(len(text), max(0, limit) * 16)
    while size and count(text[-size:]) > limit:
        size = size * 9 // 10
    return text[-size:] if size else ""


def cut(text: str, limit: int, count: Count, mark: str = "") -> str:
    """The longest beginning of a text that, with ``mark`` after it where something is missing, has at most ``limit``
    tokens.

    Works with any tokenizer, by halving; a limit that even the mark exceeds gives an empty text.
    """
    if limit <= 0 or not text:
        return ""
    if len(text) <= limit * 16 and count(text) <= limit:
        return text
    low, high, best = 0, min(len(text), limit * 16), ""
    while low <= high:
        middle = (low + high) // 2
        tried = text[:middle].rstrip() + mark
        if count(tried) <= limit:
            best, low = tried, middle + 1
        else:
            high = middle - 1
    return best


def too_small(window: int, needed: int, reserved: int) -> str:
    """The sentence that says how large a window has to be whose budget must hold ``needed`` tokens."""
    least = min(needed + reserved, -(-needed * 4 // 3) + 1)
    return f"DOCQA_CONTEXT_WINDOW is {window:,}; this model's instructions and functions need at least {least:,}."
