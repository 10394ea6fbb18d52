"""Settings of the ingest side, read from ``DOCQA_…`` environment variables and a ``.env`` file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

_ADDRESS = r"^https?://(\[[0-9A-Fa-f:]+\]|[^/:@\s\[\]]+)(:([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d\d|655[0-2]\d|6553[0-5]))?/?$"


class Settings(BaseSettings):
    """Where things are kept, which embedder and archive are used, and the limits on documents.

    Each field is read from the environment variable of its name with the prefix ``DOCQA_``, e.g. ``DOCQA_DATA_DIR``.
    """

    model_config = SettingsConfigDict(env_prefix="DOCQA_", env_file=".env", extra="ignore", frozen=True)

    data_dir: Path = Field(Path(".docqa"), description="Folder of the catalog, the embedded archive and the files.")
    tenant: str = Field(
        "default",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$",
        description="Whose library this is; tenants never see each other.",
    )

    archive: str = Field(
        "lancedb", description="Archive backend: 'lancedb' (embedded, below the data folder) or 'weaviate' (a server)."
    )
    catalog_url: str = Field("", description="SQLAlchemy URL of the catalog; empty: SQLite in the data folder.")
    files_url: str = Field(
        "", description="Folder of the original files, or its URL (s3://bucket/prefix); empty: in the data folder."
    )

    weaviate_url: str = Field(
        "http://127.0.0.1:8080",
        pattern=_ADDRESS,
        examples=["http://127.0.0.1:8080"],
        description="Address of Weaviate's REST interface.",
    )
    weaviate_grpc_url: str = Field(
        "",
        pattern=f"^$|{_ADDRESS}",
        examples=["http://127.0.0.1:50051"],
        description="Address of its gRPC interface; empty: the same host, port 50051.",
    )
    weaviate_api_key: str = Field(
        "",
        pattern=r"^[\x21-\x7e]*$",
        examples=["a text of letters, digits and signs without blanks"],
        description="Key that the Weaviate server asks for.",
        repr=False,
    )
    weaviate_prefix: str = Field(
        "Docqa",
        pattern=r"^[A-Z][A-Za-z0-9]{0,39}$",
        examples=["Docqa2"],
        description="What the names of docqa's collections in Weaviate begin with; installations that share a server "
        "and not the catalog need different ones.",
    )
    weaviate_quantization: Literal["rq8", "none"] = Field(
        "rq8", description="How vectors are held in Weaviate's memory: 'rq8' (a byte a number) or 'none' (four)."
    )
    weaviate_replicas: int = Field(1, ge=1, le=9, description="Nodes of a Weaviate cluster that hold each chunk.")
    weaviate_consistency: Literal["ONE", "QUORUM", "ALL"] = Field(
        "QUORUM", description="How many of these nodes must confirm a write or a read."
    )
    weaviate_connect_timeout: float = Field(5, gt=0, description="Seconds that opening a connection may take.")
    weaviate_query_timeout: float = Field(10, gt=0, description="Seconds that one query to Weaviate may take.")
    weaviate_insert_timeout: float = Field(20, gt=0, description="Seconds that one batch or deletion may take.")
    weaviate_patience: float = Field(
        300, ge=0, description="Seconds that an ingest waits for a Weaviate that is away, overloaded or read-only."
    )
    weaviate_batch: int = Field(100, ge=1, le=1000, description="Most chunks in one batch to Weaviate.")
    weaviate_writers: int = Field(4, ge=1, le=16, description="Batches to Weaviate side by side.")

    embedder: Literal["builtin", "openai"] = Field("builtin", description="'builtin' or an OpenAI-compatible endpoint.")
    embedding_base_url: str = Field("", description="Base URL of the embeddings endpoint.")
    embedding_api_key: str = Field("", description="Key of the embeddings endpoint.", repr=False)
    embedding_model: str = Field("", description="Model that the endpoint is asked for.")
    embedding_max_tokens: int = Field(
        512, ge=32, description="Longest text, in tokens, that the endpoint's model reads."
    )
    embedding_timeout: float = Field(60, gt=0, description="Seconds that a request to the endpoint may take.")

    chunk_tokens: int = Field(224, ge=32, description="Longest chunk in the embedder's tokens.")
    chunk_overlap: int = Field(32, ge=0, description="Tokens that a chunk repeats of the one before it.")
    part_pages: int = Field(8, ge=1, description="Pages in a part, the unit of work and of retry.")

    max_file_mb: int = Field(512, ge=1, description="Largest file taken in, in MiB.")
    max_pages: int = Field(20_000, ge=1, description="Most pages of one document.")
    parse_seconds: float = Field(120, gt=0, description="Wall time for reading one document's part.")
    parse_cpu_seconds: float = Field(120, gt=0, description="CPU time for reading one document's part.")
    parse_memory_mb: int = Field(1024, ge=64, description="Memory of one parser process, in MiB.")
    parsers: int = Field(1, ge=1, description="Parser processes side by side.")

    broker_url: str = Field(
        "",
        pattern=r"^$|^(redis|rediss|unix)://\S+$",
        examples=["redis://127.0.0.1:6379/0"],
        description="Redis-protocol URL of the workers' broker; empty: a Valkey that docqa starts itself in the data "
        "folder.",
        repr=False,
    )
    broker_memory_mb: int = Field(64, ge=16, description="Memory of the Valkey that docqa starts, in MiB.")
    worker_processes: int = Field(
        0, ge=0, le=256, description="Documents' parts that one worker does side by side; 0: one for each core."
    )
    worker_nice: int = Field(
        10,
        ge=0,
        le=19,
        description="How far parts give way to other work on their machine, such as answers ('nice'); 0: not at all.",
    )
    worker_memory_mb: int = Field(
        2048, ge=512, description="Memory, in MiB, after which a worker's process is replaced by a fresh one."
    )
    part_seconds: float = Field(
        600, ge=1, description="Seconds that one part may take a worker before its process is ended."
    )
    lease_seconds: float = Field(
        60, ge=2, description="Seconds without a sign of life after which what a worker has is given to others."
    )

    @property
    def root(self) -> Path:
        """The data folder as an absolute path."""
        return self.data_dir.expanduser().absolute()
