"""How alike two texts are in meaning: the cosine of their vectors by the built-in embedder.

The built-in embedder and no other, whatever the library is searched with: it needs no network, and the weights of
``scoring`` and ``verdict`` were fitted to its cosines.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from ingest.embed import Vectors, builtin_embedder

MOST_KNOWN = 20_000  # vectors that are kept, about 30 MB


class Meaning:
    """Compares texts. The model is opened on first use; vectors are kept by text, so that a text costs time once."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of n texts, shape (n, d).

        Raises:
            EmbedderError: the built-in embedder cannot be opened.
        """
        with self._lock:
            new = [t for t in dict.fromkeys(texts) if t not in self._known]
            if new:
                self._known.update(zip(new, builtin_embedder().embed(new), strict=True))
            found = np.stack([self._known[t] for t in texts]) if texts else np.zeros((0, 1), np.float32)
            for text in texts:
                self._known.move_to_end(text)
            while len(self._known) > MOST_KNOWN:
                self._known.popitem(last=False)
        return found

    def alike(self, one: str, others: Sequence[str]) -> list[float]:
        """The cosine of a text with each of some others."""
        if not others:
            return []
        return [float(c) for c in self.vectors(others) @ self.vectors([one])[0]]

    def nearest(self, ones: Sequence[str], others: Sequence[str]) -> list[float]:
        """For each text the highest cosine with any of some others, 0 where there are none."""
        if not ones or not others:
            return [0.0] * len(ones)
        return [float(c) for c in (self.vectors(ones) @ self.vectors(others).T).max(axis=1)]
