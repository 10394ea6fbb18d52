"""What comes in and goes out where OpenAI's published types do not say it."""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeVar

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")
MOST_LISTED = 100

Limit = Annotated[int, Query(ge=1, le=MOST_LISTED, description="How many at most.")]
Order = Annotated[Literal["asc", "desc"], Query(description="By time of creation.")]
After = Annotated[str | None, Query(max_length=200, description="Id of the last one of the page before.")]
Before = Annotated[str | None, Query(max_length=200, description="Id of the first one of the page after.")]


class Given(BaseModel):
    """What a request gives: a field that is not known is an error, so that a typing error is noticed."""

    model_config = ConfigDict(extra="forbid")


class Listed(BaseModel, Generic[T]):
    """A page of a list."""

    object: Literal["list"] = "list"
    data: list[T]
    first_id: str | None
    last_id: str | None
    has_more: bool


class Deleted(BaseModel):
    """Something that was deleted."""

    id: str
    object: str
    deleted: Literal[True] = True


class Extension(Given):
    """What docqa offers beyond OpenAI's fields; without it, answers hold these fields alone."""

    citations: bool = Field(False, description="Add a `docqa` object with every citation in full.")
    fresh: bool = Field(False, description="Answer anew, though the same was answered on these documents before.")


class CitedPassage(BaseModel):
    """A quote that was checked: it stands on this page of this document, word for word."""

    marker: int = Field(description="The number by which the text refers to it, as in `[1]`.")
    document: str
    file_id: str
    filename: str
    title: str
    page: int
    quote: str
    rects: list[tuple[float, float, float, float]] = Field(description="In PDF points from the page's top left corner.")
    page_url: str = Field(description="A picture of the page with the quote marked; valid for some days.")


class Answer(BaseModel):
    """The `docqa` object of an answer."""

    run: str
    model: str = Field(description="What gave the answer: `extractive reader` is no language model.")
    outcome: Literal["answered", "not_found", "partial"]
    limit: str = Field(description="The limit that ended a partial answer.")
    cached: bool = Field(description="Whether it was recorded before, on the same documents.")
    citations: list[CitedPassage]


def listed(data: list[T], ids: list[str], has_more: bool) -> Listed[T]:
    """A page of a list whose entries have these ids."""
    return Listed(data=data, first_id=ids[0] if ids else None, last_id=ids[-1] if ids else None, has_more=has_more)
