"""Settings of the question side, on top of those of ``ingest.settings``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ingest.settings import Settings as IngestSettings


class Settings(IngestSettings):
    """Which model answers, how large its window is, and the limits of one run; read from ``DOCQA_…`` as well."""

    llm: Literal["extractive", "openai"] = Field(
        "extractive",
        description="'extractive': the built-in reader that needs no language model; 'openai': a model behind any "
        "server that speaks OpenAI's chat completions.",
    )
    llm_base_url: str = Field(
        "",
        pattern=r"^$|^https?://\S+$",
        examples=["http://127.0.0.1:8000/v1"],
        description="Base URL of the model's server; empty: OpenAI's own.",
    )
    llm_api_key: str = Field(
        "", pattern=r"^[\x21-\x7e]*$", examples=["a key without blanks"], description="Key of it.", repr=False
    )
    llm_model: str = Field("", description="Model that the server is asked for; empty: the only one that it offers.")
    llm_calls: Literal["auto", "native", "schema", "text"] = Field(
        "auto",
        description="How the model calls functions: as native tool calls, as one JSON object a step by a schema, or as "
        "text; 'auto' finds out once and remembers it.",
    )
    llm_temperature: float = Field(0, ge=0, le=2, description="Sampling temperature; 0: the likeliest words.")
    llm_seed: int = Field(7, ge=0, description="Seed of the sampling, where the server takes one.")
    llm_connect_timeout: float = Field(
        10, gt=0, le=604_800, allow_inf_nan=False, description="Seconds that opening a connection to it may take."
    )
    llm_silence: float = Field(
        120,
        gt=0,
        le=604_800,
        allow_inf_nan=False,
        description="Seconds that it may be silent in an answer before it is asked again.",
    )
    llm_retries: int = Field(4, ge=0, le=20, description="Times that a failed or silent request is repeated.")
    context_window: int = Field(8192, ge=1024, description="Tokens of the model's window: prompt and answer together.")
    reserved_answer: int = Field(1024, ge=64, description="Tokens of the window kept free to write, at most a quarter.")
    max_steps: int = Field(16, ge=1, description="Steps (calls of the model) of one run.")
    max_tokens: int = Field(400_000, ge=1000, description="Prompt and answer tokens of one run, all steps together.")
    max_seconds: float = Field(300, gt=0, le=604_800, allow_inf_nan=False, description="Wall time of one run.")
    max_question_chars: int = Field(
        200_000, ge=1, description="Longest question; what the window cannot hold of it is read in pages."
    )
    summary: Literal["model", "extractive"] = Field(
        "model",
        description="Who writes the summary of what leaves the context: the model, or, quicker, first words only.",
    )
    user: str = Field(
        "default",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$",
        examples=["ada"],
        description="Whose conversations and core memory these are.",
    )
    core_memory_tokens: int = Field(
        600, ge=0, le=8000, description="Tokens of core memory, at most a twelfth of the window."
    )
    recall_url: str = Field("", description="SQLAlchemy URL of recall storage; empty: SQLite in the data folder.")
    search_hits: int = Field(200, ge=10, le=1000, description="Chunks that one search takes into its snapshot.")
