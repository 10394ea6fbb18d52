"""Documents, their pages and chunks, and searches over them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from docqa.api.schemas import Given


class OutlineItem(BaseModel):
    """An entry of a document's outline: its level from 1, its title, and the page that it points to."""

    level: int
    title: str
    page: int


class DocumentInfo(BaseModel):
    """A document as the catalog knows it."""

    id: str
    object: Literal["document"] = "document"
    file_id: str
    filename: str
    collection: str
    title: str
    organisation: str
    period: str
    state: str = Field(description="`queued`, `ingesting`, `live` or `failed`.")
    error: str = Field(description="Why it, or a newer version of it, could not be taken in.")
    pages: int
    missing_pages: list[int] = Field(description="Pages that could not be read.")
    scanned_pages: list[int] = Field(description="Pages that are pictures without text.")
    chunks: int
    bytes: int
    sha256: str
    created_at: int


class DocumentDetail(DocumentInfo):
    """A document with its outline."""

    outline: list[OutlineItem]


class ChunkInfo(BaseModel):
    """A passage of a page: what is searched and cited."""

    id: str
    object: Literal["chunk"] = "chunk"
    document: str
    title: str
    page: int
    start: int = Field(description="Where it begins among the page's characters.")
    end: int
    headings: list[str]
    text: str


class PageInfo(BaseModel):
    """The text of a page, as its chunks hold it, and a link to its picture."""

    object: Literal["page"] = "page"
    document: str
    page: int
    text: str
    chunks: list[str]
    page_url: str


class SearchRequest(Given):
    """A search over documents."""

    query: str = Field(min_length=1, max_length=20_000, examples=["lease of the Hamburg office"])
    model: str = Field("docqa", max_length=200, description="A collection, or `docqa` for all.", examples=["docqa"])
    page_size: int = Field(10, ge=1, le=50)


class SearchHit(BaseModel):
    """A passage that a search found."""

    score: float
    file_id: str
    filename: str
    collection: str
    chunk: ChunkInfo
    page_url: str


class SearchPage(BaseModel):
    """A page of a snapshot: what one search found, in an order that stays."""

    object: Literal["search.page"] = "search.page"
    snapshot: str = Field(description="Its further pages: GET /v1/search/{snapshot}?page=2, for an hour.")
    query: str
    total: int = Field(description="Passages in the snapshot.")
    page: int
    page_size: int
    has_more: bool
    data: list[SearchHit]
