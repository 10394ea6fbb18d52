"""The language model behind one protocol: messages and tools in, text and tool calls out.

``open_llm`` chooses by ``DOCQA_LLM``. A model sees only what the main context shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from docqa.settings import Settings

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
    """What the model gave in one step, and what it cost in tokens (0 where unknown).

    ``cached_tokens`` of the prompt were taken from the server's cache. ``problem`` is a sentence for the model about a
    call that it meant and that could not be read (broken JSON, cut off at the token limit); ``text`` then holds what it
    wrote.
    """

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    prompt_tokens: int = 0
    answer_tokens: int = 0
    cached_tokens: int = 0
    problem: str = ""


class LLM(Protocol):
    """A language model, or what stands in for one."""

    name: str

    def count(self, text: str) -> int:
        """Tokens of a text in the model's own encoding; never fewer where that is not known. May grow as it learns."""
        ...

    def complete(
        self,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec],
        only: Sequence[str] = (),
        *,
        limit: int = 0,
        seconds: float = 0,
    ) -> Iterator[TextDelta | Completion]:
        """Run one step: text deltas as they come, and one ``Completion`` at the end. Closing it ends the request.

        Args:
            messages: the main context.
            tools: all functions, the same in each step of a run; none: the model is to write text.
            only: names of those that may be called in this step; empty: all of them.
            limit: most tokens that the model may write; 0: as the settings reserve.
            seconds: most time that it may take; 0: no limit of the step's own.

        Raises:
            ContextOverflow: the server found the prompt too long for its window.
            ModelTimeout: ``seconds`` have passed.
            ModelError: the model cannot be reached, refused, or answered what cannot be used.
        """
        ...


def open_llm(settings: Settings) -> LLM:
    """The model that ``settings.llm`` names.

    Raises:
        SettingsError: a setting of it is missing.
        ModelError: its server cannot be reached or refuses.
    """
    if settings.llm == "extractive":
        from docqa.llm.extractive import ExtractiveReader

        return ExtractiveReader()
    from docqa.llm.openai.model import OpenAIModel

    return OpenAIModel(settings)
