"""Chat completions: what a request may hold, and OpenAI's answers with the ``docqa`` object beside their fields."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from openai.types.chat import ChatCompletion, ChatCompletionChunk
from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from docqa.api.schemas import Answer, Extension, Given

MOST_MESSAGES = 2000
NONE = "Taken, and without effect."
Metadata = dict[Annotated[str, StringConstraints(max_length=64)], Annotated[str, StringConstraints(max_length=512)]]


class Part(Given):
    """A part of a message. Text is read; what else OpenAI's API knows is refused with a word on what to use."""

    type: Literal["text", "refusal", "image_url", "input_audio", "file"]
    text: str | None = None
    refusal: str | None = None
    image_url: dict[str, Any] | None = None
    input_audio: dict[str, Any] | None = None
    file: dict[str, Any] | None = None
    prompt_cache_breakpoint: dict[str, Any] | None = Field(None, description=NONE)


def _parts(content: object) -> object:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


Content = Annotated[list[Part], BeforeValidator(_parts, json_schema_input_type=str | list[Part])]


class ChatMessage(Given):
    """A message of the conversation, as OpenAI's clients send and echo it."""

    role: Literal["developer", "system", "user", "assistant", "tool", "function"]
    content: Content | None = None
    name: str | None = Field(None, description=NONE)
    refusal: str | None = None
    annotations: list[dict[str, Any]] | None = Field(None, description=NONE)
    audio: dict[str, Any] | None = None
    tool_calls: list[dict[str, Any]] | None = None
    function_call: dict[str, Any] | None = None
    tool_call_id: str | None = None


class StreamOptions(Given):
    """Options of a stream."""

    include_usage: bool | None = Field(None, description="Send a chunk with the tokens before the end.")
    include_obfuscation: bool | None = Field(None, description=NONE)


class ResponseFormat(Given):
    """The form of an answer; `text` is the only one."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: dict[str, Any] | None = None


_EXAMPLE: JsonDict = {
    "model": "docqa",
    "messages": [{"role": "user", "content": "Who signed the lease of the Hamburg office?"}],
}


class ChatRequest(Given):
    """A question, with the conversation before it. The last message is the question.

    The agent calls its own functions and cites what it read; how it samples is a setting of the service. So fields of
    OpenAI's that would steer a bare model are either taken without effect or refused, as each one says.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE, {**_EXAMPLE, "stream": True}]})

    model: str = Field(
        max_length=200, description="Whom to ask: `docqa` for all documents, a collection, or a vector store's id."
    )
    messages: list[ChatMessage] = Field(
        min_length=1,
        max_length=MOST_MESSAGES,
        description="Text only. `system` and `developer` messages are read as the user's words on how to answer.",
    )
    stream: bool | None = Field(None, description="Send the answer in server-sent events.")
    stream_options: StreamOptions | None = None
    docqa: Extension | None = Field(None, description="What docqa offers beyond OpenAI's fields.")
    metadata: Annotated[Metadata, Field(max_length=16)] | None = Field(None, description="Echoed in the answer.")

    temperature: float | None = Field(None, ge=0, le=2, description=NONE)
    top_p: float | None = Field(None, ge=0, le=1, description=NONE)
    seed: int | None = Field(None, description=NONE)
    frequency_penalty: float | None = Field(None, ge=-2, le=2, description=NONE)
    presence_penalty: float | None = Field(None, ge=-2, le=2, description=NONE)
    max_tokens: int | None = Field(None, description=f"{NONE} DOCQA_RESERVED_ANSWER limits an answer.")
    max_completion_tokens: int | None = Field(None, description=f"{NONE} DOCQA_RESERVED_ANSWER limits an answer.")
    reasoning_effort: str | None = Field(None, max_length=64, description=NONE)
    verbosity: str | None = Field(None, max_length=64, description=NONE)
    service_tier: str | None = Field(None, max_length=64, description=NONE)
    store: bool | None = Field(None, description=f"{NONE} Each run is kept: GET /v1/runs.")
    user: str | None = Field(None, max_length=512, description=f"{NONE} The key says whose conversation it is.")
    safety_identifier: str | None = Field(None, max_length=512, description=NONE)
    parallel_tool_calls: bool | None = Field(None, description=NONE)
    prompt_cache_key: str | None = Field(None, max_length=512, description=NONE)
    prompt_cache_options: dict[str, Any] | None = Field(None, description=NONE)
    prompt_cache_retention: str | None = Field(None, max_length=64, description=NONE)

    n: int | None = Field(None, ge=1, le=128, description="Only 1.")
    response_format: ResponseFormat | None = Field(None, description="Only `text`.")
    modalities: list[Literal["text", "audio"]] | None = Field(None, description="Only `text`.")
    tools: list[dict[str, Any]] | None = Field(None, description="Not supported.")
    tool_choice: str | dict[str, Any] | None = Field(None, description="Only `none` and `auto`.")
    functions: list[dict[str, Any]] | None = Field(None, description="Not supported.")
    function_call: str | dict[str, Any] | None = Field(None, description="Only `none` and `auto`.")
    logprobs: bool | None = Field(None, description="Not supported.")
    top_logprobs: int | None = Field(None, ge=0, le=20, description="Not supported.")
    logit_bias: dict[str, float] | None = Field(None, description="Not supported.")
    stop: str | list[str] | None = Field(None, description="Not supported.")
    audio: dict[str, Any] | None = Field(None, description="Not supported.")
    prediction: dict[str, Any] | None = Field(None, description="Not supported.")
    web_search_options: dict[str, Any] | None = Field(None, description="Not supported.")
    moderation: dict[str, Any] | None = Field(None, description="Not supported.")


class Completion(ChatCompletion):
    """OpenAI's chat completion; `docqa` only where it was asked for.

    Its annotations are `url_citation`s: `start_index` and `end_index` (not included) are the place of a marker in
    `content`, counted in characters, and `url` is a picture of the page with the quote marked.
    """

    docqa: Answer | None = None


class Chunk(ChatCompletionChunk):
    """A piece of a streamed chat completion; `docqa` in the last but one, and only where it was asked for."""

    docqa: Answer | None = None
