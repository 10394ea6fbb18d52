"""Calls out of what a model wrote as text, in the ways of common open models.

- tagged JSON: ``<tool_call>{…}</tool_call>`` (Hermes, Qwen), ``[TOOL_CALLS] […]`` (Mistral), ``<|python_tag|>{…}``
  (Llama), code fences, DeepSeek's and Kimi's markers; or JSON alone, with text around it
- a function's name before its JSON: ``<function=name>{…}</function>``, ``name{…}``, ``Action: name Action Input: {…}``
- parameters in tags (Qwen3-Coder, GLM) and Python's ``name(argument="…")``: ``markup.py``

Reasoning (``<think>…</think>``) is no answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from docqa.llm import ToolCall, ToolSpec
from docqa.llm.openai import markup, wording
from docqa.llm.openai.loose_json import BrokenJSON, parse

_THINKING = r"(?:think|thinking|thought|reasoning)"
_REASONING = re.compile(rf"<({_THINKING})>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_REASONED = re.compile(rf"\A.*</{_THINKING}>", re.DOTALL | re.IGNORECASE)  # where the template wrote the opening
# What can stand between a function's name and its arguments, and between two calls: marks, and no words.
# Possessive, so that no text of marks takes long.
_BETWEEN = re.compile(
    r"(?:<[^<>\n]{0,60}>|\[/?[A-Z_]{2,20}\]|```\w*|:\d+|action[ _]input\s*:|arguments\s*:?|[\s\W_])*+\Z", re.IGNORECASE
)
_MARKED = re.compile(
    r"<tool_call|</tool_call|<function|\[TOOL_CALLS|<\|python_tag|<\|?tool|<｜tool|```(?:json|tool)|\A\s*[{\[]",
    re.IGNORECASE,
)
_STARTS = 64  # places at most where a value is looked for
_NAME_KEYS = ("function", "name", "tool", "tool_name", "function_name", "action", "recipient_name")
_ARGUMENT_KEYS = ("arguments", "parameters", "args", "action_input", "tool_input", "input", "params")
_CALL_KEYS = ("call", "tool_calls", "calls", "function_call", "tool_call")


@dataclass(frozen=True, slots=True)
class Read:
    """Calls, the text before them, and what was wrong where a call was meant and could not be read."""

    calls: tuple[ToolCall, ...] = ()
    text: str = ""
    problem: str = ""


def without_reasoning(text: str) -> str:
    """A text without its reasoning; reasoning that does not end is all reasoning."""
    return _REASONED.sub("", _REASONING.sub("", text))


def read(text: str, tools: Sequence[ToolSpec]) -> Read:
    """Read the calls that a text holds: the first, and those that only marks divide from it."""
    text = without_reasoning(text).strip()
    names = {_plain(tool.name): tool.name for tool in tools}
    found = sorted([*_by_json(text, names), *markup.calls(text, tools)], key=lambda item: item[0])
    calls: list[ToolCall] = []
    begin, end, thought = len(text), 0, ""
    for start, stop, call in found:
        if calls and (start < end or not _BETWEEN.match(text[end:start])):
            continue
        begin, thought = (start, call.thought) if not calls else (begin, thought)
        calls.extend(ToolCall(*made, f"call_{place}") for place, made in enumerate(call.made, len(calls)))
        end = stop
    if calls:
        return Read(tuple(calls), thought or _before(text[:begin], calls[0].name))
    return _unread(text, names)


def call_of(value: Any, names: Mapping[str, str]) -> markup.Made | None:
    """The calls that a JSON value stands for, in any of the shapes that models give it."""
    if isinstance(value, list):
        made = [call_of(item, names) for item in value if isinstance(item, Mapping)]
        whole = bool(made) and len(made) == len(value) and all(made)
        return markup.Made(tuple(c for m in made if m for c in m.made)) if whole else None
    if not isinstance(value, Mapping):
        return None
    thought = value.get("thought")
    for key in _CALL_KEYS:
        inner = call_of(value[key], names) if isinstance(value.get(key), Mapping | list) else None
        if inner:
            return markup.Made(inner.made, thought if isinstance(thought, str) else inner.thought)
    made_one = _single(value, names)
    return markup.Made((made_one,), thought if isinstance(thought, str) else "") if made_one else None


def _single(value: Mapping[str, Any], names: Mapping[str, str]) -> tuple[str, dict[str, Any]] | None:
    for key in _NAME_KEYS:
        name = value.get(key)
        if isinstance(name, Mapping):  # {"function": {"name": …, "arguments": …}}
            return _single(name, names)
        if not isinstance(name, str):
            continue
        given = next((value[k] for k in _ARGUMENT_KEYS if k in value and k not in _own(value, name, names)), None)
        known = names.get(_plain(name))
        if given is not None:
            arguments = record(given)
            return (known or name.strip(), arguments) if arguments is not None and name.strip() else None
        if known:
            return known, _rest(value, key)
        if key == "function" and re.fullmatch(r"\w{1,64}", name):  # in the shape that was asked for, but unknown
            return name, _rest(value, key)
    if len(value) == 1:
        ((name, given),) = value.items()
        arguments = record(given)
        if _plain(str(name)) in names and arguments is not None:
            return names[_plain(str(name))], arguments
    return None


def _rest(value: Mapping[str, Any], key: str) -> dict[str, Any]:
    """What stands beside the name of a function: its arguments."""
    return {str(k): markup.well_formed(v) for k, v in value.items() if k not in (key, "thought", "id", "type")}


def _own(value: Mapping[str, Any], name: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """Keys that are a parameter of the function's own though they are called like a holder of arguments."""
    return ("input",) if _plain(name) in names and not isinstance(value.get("input"), Mapping) else ()


def record(value: Any) -> dict[str, Any] | None:
    """Arguments as a record: they may come as a text of JSON, even twice; None where they are none."""
    for _ in range(3):
        if not isinstance(value, str):
            break
        if not value.strip():
            return {}
        try:
            value, _end = parse(value)
        except BrokenJSON:
            return None
    if value is None:
        return {}
    return {str(k): markup.well_formed(v) for k, v in value.items()} if isinstance(value, Mapping) else None


def _by_json(text: str, names: Mapping[str, str]) -> list[tuple[int, int, markup.Made]]:
    """Where calls begin and end in a text as JSON values, with those whose name stands before their arguments."""
    found: list[tuple[int, int, markup.Made]] = []
    at = 0
    for _ in range(_STARTS):
        opening = re.compile(r"[{\[]").search(text, at)
        if not opening:
            break
        at = opening.start() + 1
        try:
            value, end = parse(text, opening.start())
        except BrokenJSON:
            continue
        made = call_of(value, names)
        begin = opening.start()
        if not made and isinstance(value, Mapping):
            begin, made = _named_before(text, begin, value, names)
        if made:
            found.append((begin, end, made))
            at = end
    return found


def _named_before(
    text: str, at: int, value: Mapping[str, Any], names: Mapping[str, str]
) -> tuple[int, markup.Made | None]:
    """A function's name that stands right before its arguments."""
    before = text[max(0, at - 160) : at]
    for word in reversed(list(re.finditer(r"[A-Za-z_][\w.-]*", before))):
        name = names.get(_plain(word[0]))
        if name and _BETWEEN.match(before[word.end() :]):
            return at - len(before) + word.start(), markup.Made(((name, record(value) or {}),))
    return at, None


def _before(text: str, name: str) -> str:
    """The text before a call, without the marks that begin the call."""
    text = re.sub(rf"(?:Action\s*:\s*)?(?:functions\.)?{re.escape(name)}\W*\Z", "", text)
    text = re.sub(r"(?:<[^<>\n]{0,60}>?|\[/?[A-Z_]{2,20}\]|```\w*|\s)+\Z", "", text)
    return text.strip()


def _unread(text: str, names: Mapping[str, str]) -> Read:
    """Nothing can be read: was a call meant, and what is wrong with it?"""
    mentioned = re.compile(r"\b(?:" + "|".join(map(re.escape, names.values())) + r")\b\W{0,3}[({]") if names else None
    if not (_MARKED.search(text) or (mentioned and mentioned.search(text))):
        return Read(text=text)
    opening = re.compile(r"[{\[]").search(text)
    if not opening:
        return Read(text=text, problem=wording.not_json("there is no JSON object", text[:40]))
    try:
        value, _ = parse(text, opening.start())
    except BrokenJSON as error:
        near = text[max(0, error.at - 20) : error.at + 20]
        return Read(text=text, problem=wording.not_json(error.reason, near))
    if not isinstance(value, Mapping):
        return Read(text=text, problem=wording.unnamed())
    name = next((value[k] for k in _NAME_KEYS if isinstance(value.get(k), str)), "")
    given = next((value[k] for k in _ARGUMENT_KEYS if k in value), None)
    if name and given is not None:
        return Read(text=text, problem=wording.no_object(name, kind(given)))
    return Read(text=text, problem=wording.unnamed())


def kind(value: Any) -> str:
    """What a JSON value is, for a sentence."""
    kinds = {str: "a text", list: "a list", bool: "a truth value", int: "a number", float: "a number"}
    return kinds.get(type(value), "null")


def _plain(name: str) -> str:
    """A function's name as it is compared: models change case, hyphens and prefixes."""
    return name.strip().lower().replace("-", "_").rpartition(".")[2]
