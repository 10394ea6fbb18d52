"""Embeddings: what a request may hold, and OpenAI's answer, whose vectors may also be base64."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator
from pydantic_core import PydanticCustomError

from docqa.api.schemas import Given

MOST_INPUTS = 2048
Tokens = list[int]
Inputs = list[str] | list[Tokens]


def _inputs(value: Any) -> list[Any]:
    """The inputs as a list, each a text or tokens.

    Raises:
        PydanticCustomError: there are none, too many, or one is neither.
    """
    several = [value] if isinstance(value, str) or _are_tokens(value) else value
    if not isinstance(several, list) or not 1 <= len(several) <= MOST_INPUTS:
        told = "it is a text, a list of tokens, or a list of 1 to {most} of these"
        raise PydanticCustomError("inputs", told, {"most": MOST_INPUTS})
    for place, each in enumerate(several):
        if not isinstance(each, str) and not _are_tokens(each):
            raise PydanticCustomError("input", "number {place} is neither a text nor tokens", {"place": place})
        if not each:
            raise PydanticCustomError("input", "number {place} is empty", {"place": place})
    if len({type(each) for each in several}) > 1:
        raise PydanticCustomError("input", "they are all texts or all tokens")
    return several


def _are_tokens(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(type(each) is int for each in value)


class EmbeddingsRequest(Given):
    """Texts to be turned into vectors by the embedder that the documents are searched with."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"model": "docqa", "input": "lease of the office"}]})

    model: str = Field(max_length=200, description="`docqa`, or the embedder's own name.")
    input: Annotated[
        list[Any],
        PlainValidator(_inputs, json_schema_input_type=str | Tokens | list[str] | list[Tokens]),
    ] = Field(
        description="A text, a list of texts, or tokens (`cl100k_base`) of one or several. What is longer than the "
        "embedder reads is cut there.",
    )
    encoding_format: Literal["float", "base64"] | None = Field(
        None, description="`base64`: 32-bit floats, the lowest byte first."
    )
    dimensions: int | None = Field(None, ge=1, description="The embedder's, or left out.")
    user: str | None = Field(None, max_length=512, description="Taken, and without effect.")


class Vector(BaseModel):
    """The vector of an input, which has the length 1."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class EmbeddingsUsage(BaseModel):
    """Tokens, as the embedder counts them."""

    prompt_tokens: int
    total_tokens: int


class Embeddings(BaseModel):
    """The vectors of all inputs, in their order."""

    object: Literal["list"] = "list"
    model: str
    data: list[Vector]
    usage: EmbeddingsUsage
