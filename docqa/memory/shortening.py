"""Messages cut to the room that there is for them."""

from __future__ import annotations

from dataclasses import replace

from docqa import prompts
from docqa.llm import Message, ToolCall
from docqa.memory.budget import Count, cut, message_tokens


def call_message(text: str, call: ToolCall, limit: int, count: Count) -> Message:
    """The model's message with one call, its long arguments cut to fit ``limit`` tokens."""
    call = replace(call, name=call.name[:64])
    longest = max(64, 4 * limit)
    while True:
        arguments = {str(k)[:64]: _short(v, longest) for k, v in call.arguments.items()}
        message = Message("assistant", text[:longest], (replace(call, arguments=arguments),))
        if message_tokens(message, count) <= limit:
            return message
        if longest <= 8:
            return Message("assistant", "", (replace(call, name=cut(call.name, 16, count), arguments={}),))
        longest //= 2


def shortened(message: Message, limit: int, count: Count) -> Message:
    """A message whose content, or call, is cut so that it has at most ``limit`` tokens, or nothing of it is left."""
    if message_tokens(message, count) <= limit:
        return message
    room = limit - message_tokens(replace(message, content=""), count)
    if room < 0 and message.calls:
        return call_message("", message.calls[0], limit, count)
    while True:
        short = replace(message, content=cut(message.content, room, count, prompts.CUT))
        if message_tokens(short, count) <= limit or not short.content:
            return short
        room -= 4


def _short(value: object, longest: int) -> object:
    """A JSON value with its strings cut; long lists and nested records are cut as text."""
    if isinstance(value, str):
        return value if len(value) <= longest else value[:longest] + prompts.CUT
    text = str(value)
    return value if len(text) <= longest else text[:longest] + prompts.CUT
