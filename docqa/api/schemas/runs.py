"""Runs of the agent: asked as they happen, and as they were recorded."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from docqa.api.schemas import Answer, Extension, Given


class EventsRequest(Given):
    """A question whose answering is to be followed step by step."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"question": "Who signed the lease?", "model": "docqa"}]})

    question: str
    model: str = Field("docqa", max_length=200, description="As in chat completions.")
    conversation: str | None = Field(
        None,
        max_length=200,
        description="The conversation that it belongs to: its id in /v1/memory/conversations or /v1/conversations, or "
        "`new` for another one, whose id comes in the header `X-Docqa-Conversation`. Without, nothing is remembered.",
    )
    docqa: Extension | None = None


class RunInfo(BaseModel):
    """A question that was asked, and how its run ended."""

    id: str
    object: Literal["run"] = "run"
    kind: str = Field(description="What asked: `chat`, `events`, `response` and the like.")
    question: str
    collections: list[str] = Field(description="The collections that were asked; empty: all.")
    state: Literal["running", "completed", "cancelled", "failed"]
    outcome: str = Field(description="`answered`, `not_found` or `partial`; where there is no answer, why.")
    cached_from: str | None = Field(description="The run whose answer was given again, where it is the key's to see.")
    created_at: float
    ended_at: float | None


class EventInfo(BaseModel):
    """An event of a run, as its stream sends it."""

    id: int
    event: str
    data: dict[str, Any]


class CallInfo(BaseModel):
    """A function that the agent called, and what it gave in short."""

    name: str
    arguments: dict[str, Any]
    gave: str
    ok: bool


class StepInfo(BaseModel):
    """A step of the agent."""

    step: int
    used: int = Field(description="Tokens of the main context that were full when it began,")
    budget: int = Field(description="of so many,")
    repeated: int = Field(description="so many of which stand where they stood in the step before.")
    text: str = Field(description="What the model wrote beside its calls.")
    calls: list[CallInfo]
    evidence: list[str] = Field(description="Claims that came into the ledger.")
    evicted_messages: int
    evicted_tokens: int


class Trace(BaseModel):
    """What a run did, step by step, and what it cost; the cost is known when it has its answer."""

    model: str
    steps: list[StepInfo]
    seconds: float | None
    prompt_tokens: int | None
    cached_tokens: int | None
    answer_tokens: int | None


class RunAnswer(Answer):
    """The answer of a run, with every citation in full."""

    text: str


class RunDetail(RunInfo):
    """A run with all that is recorded of it."""

    answer: RunAnswer | None
    trace: Trace
    events: list[EventInfo]
