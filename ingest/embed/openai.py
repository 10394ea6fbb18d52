"""Any endpoint that speaks OpenAI's embeddings API (``POST /embeddings``) as an embedder."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ingest import tokens
from ingest.embed import Vectors
from ingest.errors import EmbedderError, SettingsError
from ingest.settings import Settings

BATCH = 64
# The endpoint's tokenizer is unknown: its texts are kept this much shorter than its limit, by our own count.
MARGIN = 0.75


class OpenAIEmbedder:
    """Vectors from an OpenAI-compatible server. Its dimension is found out by one request when it is opened."""

    def __init__(self, settings: Settings) -> None:
        """Connect and ask for one vector.

        Raises:
            SettingsError: no model is named.
            EmbedderError: the endpoint does not answer.
        """
        import openai

        if not settings.embedding_model:
            raise SettingsError("DOCQA_EMBEDDER is 'openai' but DOCQA_EMBEDDING_MODEL names no model")
        self.name = settings.embedding_model
        self.max_tokens = int(settings.embedding_max_tokens * MARGIN)
        self._endpoint = settings.embedding_base_url or "the default OpenAI endpoint"
        try:
            self._client = openai.OpenAI(
                base_url=settings.embedding_base_url or None,
                api_key=settings.embedding_api_key or "none",
                timeout=settings.embedding_timeout,
                max_retries=4,
            )
        except openai.OpenAIError as error:
            raise SettingsError(f"the embeddings endpoint cannot be used: {error}") from None
        self.dimension = int(self._request(["dimension"]).shape[1])

    def count(self, text: str) -> int:
        """Tokens by the encoding of current OpenAI models, an estimate for others."""
        return tokens.count(text)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of n texts, shape (n, dimension), asked for in batches of 64."""
        cut = [tokens.trim(text, self.max_tokens) or " " for text in texts]
        parts = [self._request(cut[start : start + BATCH]) for start in range(0, len(cut), BATCH)]
        vectors = np.concatenate(parts) if parts else np.zeros((0, self.dimension), np.float32)
        if vectors.shape != (len(texts), self.dimension):
            raise EmbedderError(f"{self._endpoint} answered vectors of shape {vectors.shape} for {len(texts)} texts")
        return vectors

    def _request(self, texts: list[str]) -> Vectors:
        import openai

        try:
            answer = self._client.embeddings.create(model=self.name, input=texts, encoding_format="float")
        except openai.OpenAIError as error:
            raise EmbedderError(
                f"{self._endpoint} gave no embeddings for model '{self.name}': {error}; "
                "check DOCQA_EMBEDDING_BASE_URL, DOCQA_EMBEDDING_API_KEY and DOCQA_EMBEDDING_MODEL"
            ) from None
        rows = sorted(answer.data, key=lambda row: row.index)
        vectors = np.array([row.embedding for row in rows], np.float32)
        if vectors.ndim != 2 or len(vectors) != len(texts) or not np.isfinite(vectors).all():
            raise EmbedderError(f"{self._endpoint} answered {len(rows)} usable vectors for {len(texts)} texts")
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: Vectors = vectors / np.maximum(norms, 1e-12)
        return unit
