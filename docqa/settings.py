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

    # answering
    max_runs: int = Field(256, ge=1, le=10_000, description="Answers under way at once in one process of the service.")
    answer_cache: bool = Field(
        True,
        description="Whether a question that was answered before is given the same answer, until a document changes.",
    )
    reader_seconds: float = Field(
        120,
        gt=0,
        le=604_800,
        allow_inf_nan=False,
        description="Seconds that an answer waits for somebody to read on before it is ended.",
    )
    run_days: float = Field(
        90,
        ge=0,
        le=36_500,
        allow_inf_nan=False,
        description="Days that what happened in an answer is kept, beyond that of stored responses; 0: for ever.",
    )
    background_runs: int = Field(8, ge=1, le=256, description="Background answers that one worker gives side by side.")

    # the service
    host: str = Field(
        "127.0.0.1",
        pattern=r"^[A-Za-z0-9_.:-]+$",
        examples=["127.0.0.1"],
        description="Address that 'docqa serve' listens on; any other than one of this machine alone needs a key.",
    )
    port: int = Field(8000, ge=0, le=65535, description="Port that it listens on; 0: one that is free.")
    public_url: str = Field(
        "",
        pattern=r"^$|^https?://[^\s?#]+$",
        examples=["https://docqa.example.org"],
        description="Address under which clients reach the service, for the links in answers; empty: the one asked at.",
    )
    shutdown_seconds: float = Field(
        30, ge=0, le=3600, allow_inf_nan=False, description="Seconds that running answers get when the service ends."
    )
    header_seconds: float = Field(
        15, gt=0, le=3600, allow_inf_nan=False, description="Seconds in which a request's headers must have come."
    )
    body_seconds: float = Field(
        30, gt=0, le=3600, allow_inf_nan=False, description="Seconds that a request's body may stand still."
    )
    max_body_kb: int = Field(
        2048, ge=16, description="Largest body of a request that is no upload, in KiB; for files see DOCQA_MAX_FILE_MB."
    )
    cors_origins: str = Field(
        "",
        pattern=r"^(\*|(https?://[^\s/,]+)(\s+https?://[^\s/,]+)*)?$",
        examples=["https://chat.example.org https://www.example.org"],
        description="Origins whose pages may call the service from a browser, separated by blanks; empty: none.",
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="How 'docqa serve' writes its log: lines of 'text', or JSON Lines."
    )
    metrics: bool = Field(True, description="Whether GET /metrics answers, in Prometheus' format.")
    otel_endpoint: str = Field(
        "",
        pattern=r"^$|^https?://\S+$",
        examples=["http://127.0.0.1:4318"],
        description="OTLP/HTTP address that traces are sent to (needs the extra 'otel'); empty: none are made.",
    )
