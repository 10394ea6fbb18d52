"""Settings of the question side, on top of those of ``ingest.settings``."""

from __future__ import annotations

from pydantic import Field

from ingest.settings import Settings as IngestSettings


class Settings(IngestSettings):
    """Which model answers, how large its window is, and the limits of one run; read from ``DOCQA_…`` as well."""

    llm: str = Field("extractive", description="'extractive': the built-in reader that needs no language model.")
    context_window: int = Field(8192, ge=1024, description="Tokens of the model's window: prompt and answer together.")
    reserved_answer: int = Field(1024, ge=64, description="Tokens of the window kept free to write, at most a quarter.")
    max_steps: int = Field(16, ge=1, description="Steps (calls of the model) of one run.")
    max_tokens: int = Field(400_000, ge=1000, description="Prompt and answer tokens of one run, all steps together.")
    max_seconds: float = Field(300, gt=0, description="Wall time of one run.")
    max_question_chars: int = Field(20_000, ge=1, description="Longest question.")
    search_hits: int = Field(200, ge=10, le=1000, description="Chunks that one search takes into its snapshot.")
