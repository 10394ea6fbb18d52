"""One step in each way of calling functions: what is asked for, what is shown, and what the answer says.

``native`` and ``schema`` have modules of their own. ``text`` is ``schema`` without the schema. Without functions the
model is to write text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from docqa.llm import Completion, Message, ToolSpec
from docqa.llm.openai import native, reading, rendering, schema, wording
from docqa.llm.openai.pieces import Written
from docqa.llm.openai.reading import Read
from docqa.llm.openai.showing import Shown, Text, Thought
from docqa.memory import budget


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the model as it was asked for. ``mode`` is ``native``, ``schema`` or ``text``."""

    mode: str
    messages: Sequence[Message]
    tools: Sequence[ToolSpec]
    only: Sequence[str]
    limit: int

    def body(self) -> dict[str, Any]:
        """What of the request depends on the step."""
        body: dict[str, Any] = {"max_tokens": self.limit}
        if self.mode == "native" and self.tools:
            only = [name for name in self.only if any(name == tool.name for tool in self.tools)]
            tools, choice = native.tools(self.tools), native.choice(only)
            return body | {"messages": native.rendered(self.messages), "tools": tools, "tool_choice": choice}
        body["messages"] = rendering.rendered(self.messages, self.tools)
        if self.mode == "schema" and self.tools:
            body["response_format"] = schema.response_format(schema.step(self.tools, self.only, self.limit))
        return body

    def texts(self) -> list[str]:
        """What is sent, as texts for counting: one for each message, and one for functions that are sent as such."""
        if self.mode == "native" and self.tools:
            return [budget.schema(self.tools), *map(budget.rendered, self.messages)]
        return [f"{sent['role']}\n{sent['content']}" for sent in rendering.rendered(self.messages, self.tools)]

    def shown(self) -> Shown:
        """What shows the answer while it is written."""
        if not self.tools or self.mode == "native":
            return Text(calls=bool(self.tools))
        return Thought()

    def completion(self, written: Written) -> Completion:
        """What the answer says."""
        found = self._read(written)
        return Completion(
            text=found.text,
            calls=found.calls,
            prompt_tokens=written.prompt_tokens,
            answer_tokens=written.answer_tokens,
            cached_tokens=written.cached_tokens,
            problem="" if found.calls else self._problem(found, written),
        )

    def _read(self, written: Written) -> Read:
        if not self.tools:
            return Read(text=reading.without_reasoning(written.content).strip())
        if written.calls:
            return native.read(written.calls, written.content)
        return reading.read(written.content, self.tools)

    def _problem(self, found: Read, written: Written) -> str:
        if self.tools and written.finish == "length":
            return wording.cut_off(self.limit)
        if written.finish == "content_filter":
            return wording.FILTERED
        return found.problem


def missed(completion: Completion, written: Written) -> bool:
    """Whether a model that was to call a function did not, though nothing kept it from that."""
    return not completion.calls and written.finish not in ("length", "content_filter")
