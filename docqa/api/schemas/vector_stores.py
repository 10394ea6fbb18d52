"""What comes in with vector stores, and the shapes of their searches and contents. The rest are OpenAI's own types."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query
from openai.types import VectorStoreSearchResponse
from openai.types.vector_stores import FileContentResponse
from pydantic import BaseModel, Field, FiniteFloat

from docqa.api.schemas import Given

MOST_FILES = 2000
MOST_RESULTS = 50
Key = Annotated[str, Field(max_length=64)]
Metadata = Annotated[dict[Key, Annotated[str, Field(max_length=512)]], Field(max_length=16)]
AttributeValue = Annotated[str, Field(max_length=512)] | bool | FiniteFloat
Attributes = Annotated[dict[Key, AttributeValue], Field(max_length=16, examples=[{"year": 2024, "region": "north"}])]
FileId = Annotated[str, Field(max_length=200, examples=["file-0123456789abcdef0123456789abcdef"])]
FileStatus = Annotated[
    Literal["in_progress", "completed", "failed", "cancelled"] | None,
    Query(alias="filter", description="Only files that stand so."),
]


class StoreExpiry(Given):
    """When a store expires, with all that is in it."""

    anchor: Literal["last_active_at"]
    days: int = Field(ge=1, le=365)


class StaticSizes(Given):
    """How files are cut, in tokens."""

    max_chunk_size_tokens: int
    chunk_overlap_tokens: int


class Chunking(Given):
    """How files are cut: `auto`, since `DOCQA_CHUNK_TOKENS` and `DOCQA_CHUNK_OVERLAP` set it for the whole service."""

    type: Literal["auto", "static"]
    static: StaticSizes | None = None


class StoreRequest(Given):
    """A new vector store."""

    name: str | None = Field(
        None, max_length=256, description="Names the collection where it can.", examples=["Filings"]
    )
    file_ids: list[FileId] = Field([], max_length=MOST_FILES, examples=[[]])
    chunking_strategy: Chunking | None = None
    expires_after: StoreExpiry | None = None
    metadata: Metadata | None = None
    description: str | None = Field(None, max_length=2000, description="Not kept; use `metadata`.")


class StoreChange(Given):
    """What is to change of a vector store; what is left out stays, null takes it away."""

    name: str | None = Field(None, max_length=256, examples=["Filings of 2024"])
    expires_after: StoreExpiry | None = None
    metadata: Metadata | None = None


class StoreFileRequest(Given):
    """A file that goes into a store."""

    file_id: FileId
    attributes: Attributes | None = None
    chunking_strategy: Chunking | None = None


class BatchRequest(Given):
    """Files that go into a store together: `file_ids`, or `files` where each has attributes of its own."""

    file_ids: list[FileId] | None = Field(None, min_length=1, max_length=MOST_FILES)
    files: list[StoreFileRequest] | None = Field(None, min_length=1, max_length=MOST_FILES)
    attributes: Attributes | None = None
    chunking_strategy: Chunking | None = None


class AttributesChange(Given):
    """The new attributes of a file in a store; null for none."""

    attributes: Attributes | None


class Ranking(Given):
    """How results are ordered and which are left out."""

    ranker: Literal["none", "auto", "default-2024-11-15"] = "auto"
    score_threshold: float = Field(0, ge=0, le=1, description="Of the best result's score, which is 1.")


class StoreSearch(Given):
    """A search in a vector store."""

    query: str | Annotated[list[str], Field(min_length=1, max_length=8)] = Field(examples=["revenue of the north"])
    filters: dict[str, Any] | None = Field(
        None, description="On attributes.", examples=[{"type": "eq", "key": "year", "value": 2024}]
    )
    max_num_results: int = Field(10, ge=1, le=MOST_RESULTS)
    ranking_options: Ranking | None = None
    rewrite_query: bool = Field(False, description="Queries are searched as they are; only `false` is served.")


class SearchResults(BaseModel):
    """What a search in a vector store found, best first."""

    object: Literal["vector_store.search_results.page"] = "vector_store.search_results.page"
    search_query: list[str]
    data: list[VectorStoreSearchResponse]
    has_more: Literal[False] = False
    next_page: None = None


class FileContent(BaseModel):
    """The text of a file in a store, page by page."""

    object: Literal["vector_store.file_content.page"] = "vector_store.file_content.page"
    data: list[FileContentResponse]
    has_more: Literal[False] = False
    next_page: None = None
