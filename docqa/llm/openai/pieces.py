"""What one response said, put together out of the chunks of its stream (or out of one body that is no stream).

Follows OpenAI's ``chat.completion.chunk``, and takes what servers make of it: calls without index or id, names and
arguments in pieces, repeated or all at once, arguments that are records, the old ``function_call``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_MOST_TOKENS = 10_000_000  # of one prompt or answer; more is a server's mistake
_LONGEST = 40_000  # characters of an answer that are looked at


@dataclass
class Fragment:
    """A call as far as it has come."""

    name: str = ""
    arguments: str = ""
    id: str = ""
    index: int | None = None


@dataclass
class Written:
    """A response as far as it has come. ``names`` are those of the functions; ``ended`` tells that it is whole."""

    names: Sequence[str] = ()
    content: str = ""
    calls: list[Fragment] = field(default_factory=list)
    finish: str = ""
    ended: bool = False
    reasoned: bool = False
    prompt_tokens: int = 0
    answer_tokens: int = 0
    cached_tokens: int = 0

    def add(self, chunk: Mapping[str, Any] | None) -> str:
        """Take a chunk in, None for the end of the stream; the text that it brought."""
        if chunk is None:
            self.ended = True
            return ""
        self._count(chunk)
        choices = chunk.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], Mapping) else {}
        self.finish = str(choice.get("finish_reason") or self.finish)
        delta = choice.get("delta") or choice.get("message")
        if not isinstance(delta, Mapping):
            return ""
        self.reasoned = self.reasoned or bool(delta.get("reasoning_content") or delta.get("reasoning"))
        calls = delta.get("tool_calls")
        for call in calls if isinstance(calls, list) else []:
            if isinstance(call, Mapping):
                self._call(call)
        if isinstance(delta.get("function_call"), Mapping):
            self._call({"index": 0, "function": delta["function_call"]})
        text = _text(delta.get("content")) or _text(delta.get("refusal"))
        if len(self.content) > _LONGEST:  # of a server that knows no limit of tokens
            return ""
        self.content += text
        return text

    @property
    def empty(self) -> bool:
        """Whether nothing was written at all."""
        return not self.content and not self.calls and not self.reasoned

    def _count(self, chunk: Mapping[str, Any]) -> None:
        usage, timings = chunk.get("usage"), chunk.get("timings")
        if isinstance(usage, Mapping):
            self.prompt_tokens = _number(usage.get("prompt_tokens")) or self.prompt_tokens
            self.answer_tokens = _number(usage.get("completion_tokens")) or self.answer_tokens
            details = usage.get("prompt_tokens_details")
            cached = details.get("cached_tokens") if isinstance(details, Mapping) else None
            self.cached_tokens = _number(cached) or self.cached_tokens
        if isinstance(timings, Mapping):  # llama.cpp's, also where it gives no usage
            self.cached_tokens = self.cached_tokens or _number(timings.get("cache_n"))
            read = _number(timings.get("prompt_n"))
            self.prompt_tokens = self.prompt_tokens or (read and read + _number(timings.get("cache_n")))
            self.answer_tokens = self.answer_tokens or _number(timings.get("predicted_n"))

    def _call(self, piece: Mapping[str, Any]) -> None:
        function = piece.get("function")
        function = function if isinstance(function, Mapping) else {}
        name, arguments = str(function.get("name") or ""), _json(function.get("arguments"))
        identifier, index = str(piece.get("id") or ""), piece.get("index")
        call = self._found(identifier, index if isinstance(index, int) else None, name)
        call.id = call.id or identifier
        if name and name != call.name and call.name not in self.names:
            call.name += name
        call.arguments += arguments

    def _found(self, identifier: str, index: int | None, name: str) -> Fragment:
        """The call that a piece belongs to, a new one where it belongs to none."""
        last = self.calls[-1] if self.calls else None
        known = next((c for c in reversed(self.calls) if index is not None and c.index == index), None)
        if known and identifier and known.id and identifier != known.id and name:
            known = None  # several calls that all have one index
        if index is None and last:
            other = identifier and last.id and identifier != last.id
            again = name and not identifier and last.arguments and last.name in self.names
            known = None if other or again else last
        if known:
            return known
        self.calls.append(Fragment(index=index))
        return self.calls[-1]


def _text(content: Any) -> str:
    """A content as text: it may come as a list of parts."""
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if isinstance(part, Mapping))
    return content if isinstance(content, str) else ""


def _json(arguments: Any) -> str:
    """Arguments, or a piece of them, as text."""
    if arguments is None or isinstance(arguments, str):
        return arguments or ""
    return json.dumps(arguments, ensure_ascii=False)


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _MOST_TOKENS else 0
