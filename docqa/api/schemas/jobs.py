"""Jobs as the API shows them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from docqa.api.schemas import Given


class JobInfo(BaseModel):
    """A job: how far it is, how fast it goes, and what it waits for."""

    id: str
    object: Literal["job"] = "job"
    kind: str
    state: str = Field(description="`running`, `paused`, `cancelled`, `finished` or `failed`.")
    collection: str
    owner: str
    note: str = Field(description="What it waits for, or why it failed.")
    created_at: int
    ended_at: int | None
    counters: dict[str, int] = Field(description="Documents, parts, pages and chunks; see docs/jobs.md.")
    share: float | None = Field(description="How much is done, 0 to 1; null while that is not known.")
    seconds_left: float | None = Field(description="An estimate from the last minutes; null where nobody can know.")
    pages_per_second: float


class JobEntry(BaseModel):
    """Something that happened in a job."""

    id: str
    object: Literal["job.entry"] = "job.entry"
    at: float
    kind: str
    document: str
    part: int | None
    source: str
    message: str


class JobRequest(Given):
    """A job to begin: compare catalog and archive, or make all vectors of a collection anew."""

    kind: Literal["verify", "re-embed"]
    collection: str = Field("", max_length=64, description="Of `re-embed`; empty: all.")
    repair: bool = Field(False, description="Of `verify`: mend what differs.")
    deep: bool = Field(False, description="Of `verify`: compare every chunk.")
