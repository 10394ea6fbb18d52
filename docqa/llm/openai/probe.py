"""Finds out how a model calls functions: one small conversation, natively and then by schema.

The conversation holds a call with its result, because some servers take functions and fail at their results, and one
certain call is right after it.
"""

from __future__ import annotations

from collections.abc import Callable

from docqa.llm import Completion, Message, ToolCall, ToolSpec
from docqa.llm.openai import wording
from docqa.llm.openai.asking import Step
from docqa.llm.openai.errors import Overflow, Refused

_LIMIT = 320  # tokens: some models reason first
_FIRST, _SECOND = wording.PROBE_WORDS
LOOK_UP = ToolSpec(
    "look_up",
    wording.PROBE_LOOK_UP,
    {"type": "object", "properties": {"word": {"type": "string"}}, "required": ["word"]},
)
FINISH = ToolSpec(
    "finish",
    wording.PROBE_FINISH,
    {"type": "object", "properties": {"sentence": {"type": "string"}}, "required": ["sentence"]},
)
MESSAGES = (
    Message("system", wording.PROBE_SYSTEM),
    Message("user", wording.PROBE_QUESTION),
    Message("assistant", "", (ToolCall("look_up", {"word": _FIRST}, "call00001"),)),
    Message("tool", wording.PROBE_RESULT, call_id="call00001"),
)

Ask = Callable[[Step], tuple[Completion, bool]]


def found_out(ask: Ask) -> str:
    """``native``, ``schema`` or ``text``.

    ``ask`` runs a step and says with its completion whether its calls came natively.
    """
    completion, native = _answered(ask, "native")
    if native and any(_right(call) for call in completion.calls):
        return "native"
    completion, _ = _answered(ask, "schema")
    return "schema" if completion.calls else "text"


def _answered(ask: Ask, mode: str) -> tuple[Completion, bool]:
    try:
        return ask(Step(mode, MESSAGES, (LOOK_UP, FINISH), (), _LIMIT))
    except (Refused, Overflow):
        return Completion(), False


def _right(call: ToolCall) -> bool:
    return call.name == "look_up" and _SECOND in str(call.arguments.get("word", "")).lower()
