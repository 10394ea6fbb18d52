"""Calls that are not JSON: parameters in tags, and Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from docqa.llm import ToolSpec
from docqa.llm.openai.loose_json import BrokenJSON, parse

# Qwen3-Coder: <function=name><parameter=key>value</parameter></function>
_FUNCTION = re.compile(r"<function\s*=\s*\"?([\w.-]+)\"?\s*>(.*?)(?:</function>|\Z)", re.DOTALL)
_PARAMETER = re.compile(r"<parameter\s*=\s*\"?([\w.-]+)\"?\s*>(.*?)(?:</parameter>|(?=<parameter\b)|\Z)", re.DOTALL)
# GLM: <tool_call>name <arg_key>key</arg_key> <arg_value>value</arg_value></tool_call>
_GLM = re.compile(r"<tool_call>\s*([\w.-]+)\s*(<arg_key>.*?)(?:</tool_call>|\Z)", re.DOTALL)
_PAIR = re.compile(r"<arg_key>(.*?)</arg_key>\s*<arg_value>(.*?)(?:</arg_value>|\Z)", re.DOTALL)
_MOST = 32  # places at most where a call in Python is looked for
_LONGEST = 8000  # characters of a call in Python
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_CONSTANTS = {"true": True, "false": False, "null": None, "none": None}


@dataclass(frozen=True, slots=True)
class Made:
    """Calls as names and arguments, with the thought that stood beside them."""

    made: tuple[tuple[str, dict[str, Any]], ...]
    thought: str = ""


def calls(text: str, tools: Sequence[ToolSpec]) -> Iterator[tuple[int, int, Made]]:
    """Where the calls of these functions begin and end in a text, and what they are."""
    known = {tool.name.lower().replace("-", "_"): tool for tool in tools}
    for outer, inner in ((_FUNCTION, _PARAMETER), (_GLM, _PAIR)):
        for match in outer.finditer(text):
            tool = known.get(match[1].lower().replace("-", "_").rpartition(".")[2])
            pairs = inner.findall(match[2])
            if tool and (pairs or not match[2].strip()):
                yield match.start(), match.end(), Made(((tool.name, _typed(pairs, tool)),))
    for tool in tools:
        for match in islice(re.finditer(rf"(?<![\w\"']){re.escape(tool.name)}(?:\.call)?\s*\(", text), _MOST):
            end = _closing(text, match.end())
            arguments = _python(text[match.end() : end - 1], tool) if end else None
            if arguments is not None:
                yield match.start(), end, Made(((tool.name, arguments),))


def well_formed(value: Any) -> Any:
    """A JSON value without lone surrogates, halves of a character; two that belong together become one."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, Mapping):
        return {str(well_formed(k)): well_formed(v) for k, v in value.items()}
    return [well_formed(item) for item in value] if isinstance(value, list | tuple) else value


def _typed(pairs: Sequence[tuple[str, str]], tool: ToolSpec) -> dict[str, Any]:
    """Values out of tags: texts as they stand, others as JSON."""
    properties = tool.parameters.get("properties") or {}
    result: dict[str, Any] = {}
    for key, value in pairs:
        value = value.strip()
        result[key.strip()] = value if properties.get(key.strip(), {}).get("type") == "string" else _value(value)
    return result


def _value(text: str) -> Any:
    try:
        value, end = parse(text)
    except BrokenJSON:
        return text
    return text if text[end:].strip() else value


def _closing(text: str, at: int) -> int:
    """The character after the parenthesis that closes the one before ``at``; 0 where none does."""
    depth, quote, escaped = 1, "", False
    for place in range(at, min(len(text), at + _LONGEST)):
        sign = text[place]
        if escaped or sign == "\\":
            escaped = not escaped
        elif quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        else:
            depth += (sign in "([{") - (sign in ")]}")
            if not depth:
                return place + 1
    return 0


def _python(inside: str, tool: ToolSpec) -> dict[str, Any] | None:
    """The arguments between the parentheses of a call in Python, as literals; None where they are something else."""
    # Python warns of backslashes that escape nothing.
    inside = _ESCAPE.sub(lambda m: m[0] if m[1] in "\\'\"abfnrtvxuUN\n" else f"\\\\{m[1]}", inside.strip())
    try:
        call = ast.parse(f"f({inside})", mode="eval").body
        if not isinstance(call, ast.Call) or any(k.arg is None for k in call.keywords):
            return None
        order = list(tool.parameters.get("properties") or {})
        result = {name: _literal(value) for name, value in zip(order, call.args, strict=False)}
        result |= {str(k.arg): _literal(k.value) for k in call.keywords}
    except (SyntaxError, ValueError, RecursionError, MemoryError, TypeError):
        return None
    if len(call.args) == 1 and not call.keywords and isinstance(given := _literal(call.args[0]), dict):
        return {str(k): well_formed(v) for k, v in given.items()}
    return {name: well_formed(value) for name, value in result.items()}


def _literal(node: ast.expr) -> Any:
    if isinstance(node, ast.Name) and node.id.lower() in _CONSTANTS:
        return _CONSTANTS[node.id.lower()]
    return ast.literal_eval(node)
