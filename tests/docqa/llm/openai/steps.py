"""A question, two functions, and steps of a model."""

from __future__ import annotations

from docqa.llm import Completion, Message, TextDelta, ToolSpec
from docqa.llm.openai.model import OpenAIModel

ASKED = [Message("system", "You answer."), Message("user", "Who built the harbour?")]
STRING = {"type": "string"}
SEARCH = ToolSpec(
    "search_archive",
    "Search the library.",
    {"type": "object", "properties": {"query": STRING, "page": {"type": "integer"}}, "required": ["query"]},
)
ANSWER = ToolSpec("answer", "End.", {"type": "object", "properties": {"text": STRING}, "required": ["text"]})
TOOLS = (SEARCH, ANSWER)


def completed(model: OpenAIModel, tools: tuple[ToolSpec, ...] = TOOLS, *only: str, **limits: float) -> Completion:
    """The completion of one step."""
    return step(model, tools, *only, **limits)[1]


def step(
    model: OpenAIModel, tools: tuple[ToolSpec, ...] = TOOLS, *only: str, **limits: float
) -> tuple[str, Completion]:
    """The text that a step showed, and its completion."""
    *shown, last = model.complete(ASKED, tools, only, **limits)  # type: ignore[arg-type]
    assert isinstance(last, Completion)
    return "".join(piece.text for piece in shown if isinstance(piece, TextDelta)), last
