"""How many tokens the messages of one model call take, and how many they may take.

Everything that is sent is counted: each message whole as it is rendered, its calls, an overhead per message for the
marks that chat templates put around it, and the schemas of the functions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from docqa.llm import Message, ToolCall, ToolSpec

Count = Callable[[str], int]
OVERHEAD = 4  # marks around one message: OpenAI's cookbook counts 3 to 4 for its chat format
START = 3  # marks that begin the model's answer


def rendered(message: Message) -> str:
    """A message with its calls as one text, for counting."""
    return "\n".join([message.role, message.content, *(_call(call) for call in message.calls), message.call_id])


def _call(call: ToolCall) -> str:
    arguments = json.dumps(call.arguments, ensure_ascii=False, default=str)
    return json.dumps({"id": call.id, "name": call.name, "arguments": arguments}, ensure_ascii=False)


def schema(tools: Sequence[ToolSpec]) -> str:
    """The functions as one text, for counting."""
    specs = [{"name": t.name, "description": t.description, "parameters": t.parameters} for t in tools]
    return json.dumps(specs, ensure_ascii=False)


def prompt_tokens(count: Count, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> int:
    """What a call of the model with these messages and functions takes of its window."""
    return START + count(schema(tools)) + sum(count(rendered(m)) + OVERHEAD for m in messages)


def answer_room(window: int, reserved: int) -> int:
    """Tokens kept free for what the model writes: as set, but no more than a quarter of a small window."""
    return min(reserved, window // 4)


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
