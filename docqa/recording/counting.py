"""Tokens of texts as a recorded model counted them."""

from __future__ import annotations

from math import ceil

from docqa.recording.codec import digest
from docqa.recording.reading import Run, damaged
from ingest import tokens

_SAMPLE = 40  # texts from which it is told how the model counts
_SAMPLED = range(40, 20_000)  # characters of such a text


class Counts:
    """What a model counted, and what it would have: a text that was not counted is estimated.

    A model may learn to count from what its server says, so a count holds from the model call that it stands behind.
    """

    def __init__(self, run: Run) -> None:
        self._known: dict[str, list[tuple[int, int]]] = {}
        self._sample: dict[str, int] = {}
        self._ratio = 0.0
        self.calls = 0  # model calls that have ended
        after = 0
        for line in [*run.lines, *([run.end] if run.end else [])]:
            counts = line.fields.get("counts", {})
            if not isinstance(counts, dict) or not all(isinstance(count, int) for count in counts.values()):
                raise damaged(line.number, "its token counts are not numbers")
            for name, count in counts.items():
                self._known.setdefault(name, []).append((after, count))
            after += line.kind == "completed"

    def __call__(self, text: str) -> int:
        """Tokens of a text at this point of the run."""
        known = self._known.get(digest(text))
        if known is None:
            return self._estimate(text)
        before = [count for after, count in known if after <= self.calls]
        count = before[-1] if before else known[0][1]
        if len(self._sample) < _SAMPLE and len(text) in _SAMPLED:
            self._sample[text] = count
            self._ratio = 0.0
        return count

    def _estimate(self, text: str) -> int:
        if not self._ratio:
            counted = sum(map(tokens.count, self._sample))
            self._ratio = sum(self._sample.values()) / counted if counted else 1.0
        return ceil(round(tokens.count(text) * self._ratio, 6))
