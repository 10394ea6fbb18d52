"""Native tool calls of OpenAI's chat completions: what is sent, and what came read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from docqa.llm import Message, ToolCall, ToolSpec
from docqa.llm.openai import wording
from docqa.llm.openai.loose_json import BrokenJSON, parse
from docqa.llm.openai.pieces import Fragment
from docqa.llm.openai.reading import Read, kind, record, without_reasoning

Sent = dict[str, Any]


def rendered(messages: Sequence[Message]) -> list[Sent]:
    """The messages as the API has them."""
    return [_one(message) for message in messages]


def tools(specs: Sequence[ToolSpec]) -> list[Sent]:
    """The functions as the API has them."""
    empty = {"type": "object", "properties": {}}
    return [
        {
            "type": "function",
            "function": {"name": s.name, "description": s.description, "parameters": s.parameters or empty},
        }
        for s in specs
    ]


def choice(only: Sequence[str]) -> Any:
    """``tool_choice``: some call is required; the one function where only one may be called."""
    return {"type": "function", "function": {"name": only[0]}} if len(only) == 1 else "required"


def read(fragments: Sequence[Fragment], content: str) -> Read:
    """The calls of a response, in their order. One that cannot be read is left out and told of.

    Arguments may be JSON, JSON inside a text, or nothing.
    """
    calls: list[ToolCall] = []
    problem = ""
    for place, fragment in enumerate(fragments):
        arguments = record(fragment.arguments)
        if arguments is not None and fragment.name.strip():
            calls.append(ToolCall(fragment.name.strip(), arguments, fragment.id or f"call_{place}"))
        elif not problem:
            problem = _problem(fragment)
    return Read(tuple(calls), without_reasoning(content).strip(), problem)


def _problem(fragment: Fragment) -> str:
    """What is wrong with a call."""
    try:
        value, _ = parse(fragment.arguments)
    except BrokenJSON as error:
        near = fragment.arguments[max(0, error.at - 20) : error.at + 20]
        return wording.not_json(error.reason, near)
    if not fragment.name.strip():
        return wording.unnamed()
    return wording.no_object(fragment.name.strip(), kind(value))


def _one(message: Message) -> Sent:
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.call_id, "content": message.content}
    if not message.calls:
        return {"role": message.role, "content": message.content}
    calls = [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": json.dumps(call.arguments, ensure_ascii=False, default=str)},
        }
        for call in message.calls
    ]
    return {"role": message.role, "content": message.content or None, "tool_calls": calls}
