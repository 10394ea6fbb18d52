"""Requests for responses, as OpenAI's API has them, and what a response is asked for."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from docqa.api.schemas import Extension, Given
from docqa.api.schemas.items import Input, Metadata

RESULTS = "file_search_call.results"
Includable = Literal[
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
]
NO_EFFECT = "Accepted without effect."


class HybridSearch(Given):
    """How much meaning and words count in a search; accepted without effect."""

    embedding_weight: float = Field(ge=0, le=1)
    text_weight: float = Field(ge=0, le=1)


class Ranking(Given):
    """Which results of a search are shown."""

    ranker: Literal["auto", "default-2024-11-15"] | None = Field(None, description=NO_EFFECT)
    score_threshold: float | None = Field(None, ge=0, le=1, description="Results below it are not included.")
    hybrid_search: HybridSearch | None = Field(None, description=NO_EFFECT)


class FileSearch(Given):
    """The tool that docqa has: search in vector stores. Without it, all that `model` names is searched."""

    type: Literal["file_search"]
    vector_store_ids: list[Annotated[str, Field(max_length=200)]] = Field(min_length=1, max_length=100)
    filters: dict[str, Any] | None = Field(
        None,
        description="Files whose attributes fit: a comparison or a compound filter.",
        examples=[{"type": "eq", "key": "year", "value": 2023}],
    )
    max_num_results: int | None = Field(None, ge=1, le=50, description="Results to include for a search; 20 if unset.")
    ranking_options: Ranking | None = None


class OtherTool(BaseModel):
    """A tool that docqa does not have; it is refused."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(max_length=100)


def _tool(value: Any) -> str:
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return "file_search" if kind == "file_search" else "other"


Tool = Annotated[
    Annotated[FileSearch, Tag("file_search")] | Annotated[OtherTool, Tag("other")],
    Discriminator(_tool),
]
Tools = Annotated[list[Tool], Field(max_length=128)]


class ConversationRef(Given):
    """A conversation, by its id."""

    id: str = Field(max_length=200)


class TextFormat(BaseModel):
    """The form of an answer: `text` is the only one."""

    model_config = ConfigDict(extra="allow")

    type: str = Field("text", max_length=100)


class TextOptions(Given):
    """How the answer is written."""

    format: TextFormat | None = None
    verbosity: Literal["low", "medium", "high"] | None = Field(None, description=NO_EFFECT)


class TokensRequest(Given):
    """What the model would be given, whose tokens are counted."""

    model: str | None = Field(None, max_length=200)
    input: Input | None = Field(None, examples=["Who leases the Hamburg office?"])
    instructions: str | None = None
    conversation: str | ConversationRef | None = None
    previous_response_id: str | None = Field(None, max_length=200)
    tools: Tools | None = Field(None, description=NO_EFFECT)
    tool_choice: str | dict[str, Any] | None = Field(None, description=NO_EFFECT)
    parallel_tool_calls: bool | None = Field(None, description=NO_EFFECT)
    personality: str | None = Field(None, description=NO_EFFECT)
    reasoning: dict[str, Any] | None = Field(None, description=NO_EFFECT)
    text: TextOptions | None = Field(None, description=NO_EFFECT)
    truncation: Literal["auto", "disabled"] | None = Field(None, description=NO_EFFECT)


class Sampling(Given):
    """Fields that clients send and that change nothing, since the service's own settings decide."""

    access_programs: dict[str, Any] | None = Field(None, description=NO_EFFECT)
    background_options: dict[str, Any] | None = Field(None, description=NO_EFFECT)
    context_management: list[dict[str, Any]] | None = Field(None, description=NO_EFFECT)
    image: dict[str, Any] | None = Field(None, description=NO_EFFECT)
    max_output_tokens: int | None = Field(None, ge=1, description=NO_EFFECT)
    parallel_tool_calls: bool | None = Field(None, description=NO_EFFECT)
    prompt_cache_key: str | None = Field(None, max_length=1000, description=NO_EFFECT)
    prompt_cache_options: dict[str, Any] | None = Field(None, description=NO_EFFECT)
    prompt_cache_retention: Literal["in_memory", "24h"] | None = Field(None, description=NO_EFFECT)
    reasoning: dict[str, Any] | None = Field(None, description=NO_EFFECT)
    safety_identifier: str | None = Field(None, max_length=1000, description=NO_EFFECT)
    service_tier: str | None = Field(None, max_length=100, description=NO_EFFECT)
    stream_options: dict[str, Any] | None = Field(None, description=NO_EFFECT)
    temperature: float | None = Field(None, ge=0, le=2, description=NO_EFFECT)
    top_p: float | None = Field(None, ge=0, le=1, description=NO_EFFECT)
    truncation: Literal["auto", "disabled"] | None = Field(None, description=NO_EFFECT)
    user: str | None = Field(None, max_length=1000, description=NO_EFFECT)


class ResponseRequest(Sampling):
    """A question, and how it is to be answered."""

    model: str = Field("docqa", max_length=200, description="A collection, or `docqa` for all.", examples=["docqa"])
    input: Input = Field(
        description="The question, or a conversation that ends with one.", examples=["Who leases the Hamburg office?"]
    )
    instructions: str | None = Field(None, description="How to answer, for this one response.")
    tools: Tools | None = Field(None, description="`file_search` names the vector stores to look in.")
    tool_choice: str | dict[str, Any] | None = Field(None, description="`auto`, `required` or `file_search`.")
    max_tool_calls: int | None = Field(None, ge=1, description="Searches, at most.")
    include: list[Includable] | None = Field(None, max_length=20, description=f"`{RESULTS}` adds what searches found.")
    stream: bool | None = Field(None, description="Server-sent events of the answer as it is made.")
    store: bool | None = Field(None, description="Whether it can be read again and gone on with; it can by default.")
    background: bool | None = Field(None, description="Answer without the client: GET /v1/responses/{id} reads it.")
    previous_response_id: str | None = Field(None, max_length=200, description="The response to go on from.")
    conversation: str | ConversationRef | None = Field(None, description="The conversation that it belongs to.")
    metadata: Metadata | None = None
    text: TextOptions | None = None
    top_logprobs: int | None = Field(None, ge=0, le=20, description="0: there are none.")
    prompt: dict[str, Any] | None = Field(None, description="Not supported.")
    moderation: dict[str, Any] | None = Field(None, description="Not supported.")
    docqa: Extension | None = Field(None, description="What docqa offers beyond OpenAI's fields.")
