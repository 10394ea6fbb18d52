"""Messages and functions for models that call functions by writing JSON.

The functions stand at the end of the system message, all of them in every step, so that the beginning of the prompt
stays the same. Earlier calls are shown in the shape in which the next one is asked for. Neighbours of one role become
one message, since many chat templates insist on turns.

What is sent never takes more tokens than ``docqa.memory.budget.prompt_tokens`` counts, which counts JSON schemas.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from docqa.llm import Message, ToolSpec
from docqa.llm.openai import wording

Sent = dict[str, Any]


def rendered(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> list[Sent]:
    """The messages as the server gets them, with the functions where there are any."""
    sent: list[Sent] = []
    for message in messages:
        role, content = _one(message)
        if sent and sent[-1]["role"] == role:
            sent[-1]["content"] += f"\n\n{content}"
        else:
            sent.append({"role": role, "content": content})
    if tools:
        told = wording.functions("\n".join(map(signature, tools)))
        if sent and sent[0]["role"] == "system":
            sent[0]["content"] += f"\n\n{told}"
        else:
            sent.insert(0, {"role": "system", "content": told})
    return sent


def signature(tool: ToolSpec) -> str:
    """A function on one line: ``name(query, page?: integer): what it does``. What has no type is text."""
    properties = tool.parameters.get("properties") or {}
    required = tool.parameters.get("required") or ()
    inside = ", ".join(f"{name}{'' if name in required else '?'}{_typed(of)}" for name, of in properties.items())
    return f"{tool.name}({inside})" + (f": {tool.description}" if tool.description else "")


def _typed(schema: Any) -> str:
    kind = _kind(schema)
    note = schema.get("description") if isinstance(schema, Mapping) else ""
    return ("" if kind in ("", "string") else f": {kind}") + (f" ({note})" if note else "")


def _kind(schema: Any) -> str:
    """A type in few words."""
    if not isinstance(schema, Mapping):
        return ""
    if "const" in schema:
        return json.dumps(schema["const"], ensure_ascii=False)
    if isinstance(schema.get("enum"), list):
        return "|".join(json.dumps(value, ensure_ascii=False) for value in schema["enum"])
    choices = schema.get("anyOf") or schema.get("oneOf")
    if isinstance(choices, list):
        return "|".join(filter(None, map(_kind, choices)))
    kind = schema.get("type")
    if kind == "array":
        return f"[{_kind(schema.get('items'))}]"
    if kind == "object" and isinstance(schema.get("properties"), Mapping):
        return "{" + ", ".join(f"{name}{_typed(of)}" for name, of in schema["properties"].items()) + "}"
    return "|".join(map(str, kind)) if isinstance(kind, list) else str(kind or "")


def _one(message: Message) -> tuple[str, str]:
    if message.role == "tool":
        return "user", message.content
    if message.role == "assistant" and message.calls:
        # Without its thought: a small model that sees what it thought before thinks the same again, and again.
        steps = [{"call": {"function": call.name, **call.arguments}} for call in message.calls]
        return "assistant", "\n".join(json.dumps(step, ensure_ascii=False, default=str) for step in steps)
    return message.role, message.content
