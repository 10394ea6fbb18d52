"""Texts to vectors, behind one small protocol. ``open_embedder`` chooses by ``DOCQA_EMBEDDER``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ingest.settings import Settings

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into unit vectors. ``max_tokens`` is the longest text that it reads, special tokens included."""

    name: str
    dimension: int
    max_tokens: int

    def count(self, text: str) -> int:
        """Tokens of a text, special tokens not included."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of n texts, shape (n, dimension), in their order; what is longer than it reads is cut.

        Raises:
            EmbedderError: the embedder did not answer, or answered vectors of another shape.
        """
        ...


def open_embedder(settings: Settings) -> Embedder:
    """The embedder that ``settings.embedder`` names.

    Raises:
        EmbedderError: its model is missing or is not the one expected, or the endpoint does not answer.
        SettingsError: a setting that it needs is missing.
    """
    if settings.embedder == "openai":
        from ingest.embed.openai import OpenAIEmbedder

        return OpenAIEmbedder(settings)
    return builtin_embedder()


@cache
def builtin_embedder() -> Embedder:
    """The built-in embedder, which a process needs once: its model takes half a GiB when it runs.

    Raises:
        EmbedderError: its model is missing or is not the one expected.
    """
    from ingest.embed.minilm import MiniLM

    return MiniLM()
