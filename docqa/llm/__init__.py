"""The language model behind one protocol: messages and tools in, text and tool calls out.

``open_llm`` chooses by ``DOCQA_LLM``. A model sees only what the main context shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from docqa.settings import Settings
from ingest.errors import SettingsError

Role = Literal["system", "user", "assistant", "tool"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function that the model wants called: its name, its arguments, and an id that the result repeats."""

    name: str
    arguments: dict[str, Any]
    id: str = "call"


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the main context. ``calls`` belong to an assistant's message, ``call_id`` to a tool's result."""

    role: Role
    content: str
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """A function as the model sees it: name, description (its docstring) and a JSON schema of its parameters."""

    name: str
    description: str
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the model's text, as it is written."""

    text: str


@dataclass(frozen=True, slots=True)
class Completion:
    """What the model gave in one step, and what it cost in tokens (0 where unknown)."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    prompt_tokens: int = 0
    answer_tokens: int = 0


class LLM(Protocol):
    """A language model, or what stands in for one."""

    name: str

    def count(self, text: str) -> int:
        """Tokens of a text in the model's own encoding."""
        ...

    def complete(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Iterator[TextDelta | Completion]:
        """Run one step: text deltas as they come, and one ``Completion`` at the end.

        Raises:
            ModelError: the model cannot be reached, refused, or answered what cannot be used.
        """
        ...


def open_llm(settings: Settings) -> LLM:
    """The model that ``settings.llm`` names.

    Raises:
        SettingsError: there is no such model.
    """
    if settings.llm == "extractive":
        from docqa.llm.extractive import ExtractiveReader

        return ExtractiveReader()
    raise SettingsError(f"DOCQA_LLM is '{settings.llm}'; known models: extractive")
