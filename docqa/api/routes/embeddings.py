"""Embeddings by the embedder that the documents are searched with."""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter
from fastapi.responses import JSONResponse

from docqa.api.access import Caller, Reading, TheService
from docqa.api.answers.asking import EVERYTHING
from docqa.api.errors import ApiError
from docqa.api.schemas.embeddings import Embeddings, EmbeddingsRequest
from docqa.api.service import Service
from ingest import tokens
from ingest.embed import Embedder, Vectors

router = APIRouter(prefix="/v1/embeddings", tags=["embeddings"])
AT_ONCE = 2
MOST_READ = 32_000
"""Characters of a text that are looked at: more than any embedder reads."""


@router.post("", response_model=Embeddings)
async def create_embeddings(service: TheService, caller: Reading, given: EmbeddingsRequest) -> JSONResponse:
    """Turn texts into vectors, in the space in which documents are searched."""
    return await to_thread.run_sync(_embedded, service, caller, given, limiter=_limiter())


@cache
def _limiter() -> CapacityLimiter:
    """Few at once: they keep the cores busy, and no thread is to wait for them that answers something else."""
    return CapacityLimiter(AT_ONCE)


def _embedded(service: Service, caller: Caller, given: EmbeddingsRequest) -> JSONResponse:
    embedder = service.library(caller.tenant).embedder
    _check(given, embedder)
    texts = [each if isinstance(each, str) else _text(each, place) for place, each in enumerate(given.input)]
    texts = [text[:MOST_READ] for text in texts]
    vectors = embedder.embed(texts)
    counted = sum(map(embedder.count, texts))
    in_base64 = given.encoding_format == "base64"
    data = [{"object": "embedding", "index": i, "embedding": each} for i, each in enumerate(_shown(vectors, in_base64))]
    usage = {"prompt_tokens": counted, "total_tokens": counted}
    return JSONResponse({"object": "list", "model": given.model, "data": data, "usage": usage})


def _check(given: EmbeddingsRequest, embedder: Embedder) -> None:
    """Refuse what the embedder does not do.

    Raises:
        ApiError: another model or another length is asked for.
    """
    if given.model not in (EVERYTHING, embedder.name):
        told = f"There is no embedder '{given.model[:80]}': 'model' is '{EVERYTHING}' or '{embedder.name}'."
        raise ApiError(404, told, "model_not_found", "model")
    if given.dimensions not in (None, embedder.dimension):
        told = f"The embedder's vectors have {embedder.dimension} dimensions: leave 'dimensions' out."
        raise ApiError(400, told, "invalid_value", "dimensions")


def _text(given: list[int], place: int) -> str:
    """The text of tokens.

    Raises:
        ApiError: one of them is none of ``cl100k_base``.
    """
    try:
        return tokens.decode(given)
    except (KeyError, OverflowError):
        told = f"'input.{place}' has a token that is none of cl100k_base; send texts."
        raise ApiError(400, told, "invalid_value", f"input.{place}") from None


def _shown(vectors: Vectors, in_base64: bool) -> list[Any]:
    plain = vectors.astype("<f4")
    return [base64.b64encode(each.tobytes()).decode() for each in plain] if in_base64 else plain.tolist()
