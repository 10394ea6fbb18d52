"""The evidence ledger: what the model has established, each claim with the quote that carries it.

It outlives the eviction of the passages. It keeps every entry of the run; what is shown of it is bounded: the oldest
entries lose their quotes first, then they are merged into one line.
"""

from __future__ import annotations

from docqa import prompts
from docqa.events import Evidence
from docqa.memory.budget import Count, cut
from docqa.prompts import status

_KEPT = 8  # renderings
_MERGED = (60, 24)  # characters kept of a claim that is merged with others


class Ledger:
    """Claims with their citations, named ``e1``, ``e2``, … in the order in which they were noted."""

    def __init__(self, count: Count) -> None:
        self._count = count
        self._entries: list[Evidence] = []
        self._handles: list[str] = []
        self._costs: dict[str, int] = {}
        self._rendered: dict[tuple[int, int], str] = {}

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def entries(self) -> tuple[Evidence, ...]:
        """All entries, oldest first."""
        return tuple(self._entries)

    def add(self, evidence: Evidence, handle: str) -> str:
        """Enter a claim whose citation stands in the chunk shown as ``handle``; returns the entry's name."""
        self._entries.append(evidence)
        self._handles.append(handle)
        return f"e{len(self._entries)}"

    def recount(self) -> None:
        """Forget what was counted, because the model counts otherwise now."""
        self._costs.clear()
        self._rendered.clear()

    def find(self, name: str) -> Evidence | None:
        """The entry of a name like ``e2``, or None."""
        number = name.strip().strip("[]").lower().removeprefix("e")
        if not number.isascii() or not number.isdigit() or not 1 <= int(number[:9]) <= len(self._entries):
            return None
        return self._entries[int(number) - 1]

    def name_of(self, claim: str, chunk: str, start: int, end: int) -> str:
        """The name of the entry that says this already, or an empty text."""
        for number, entry in enumerate(self._entries, 1):
            at = entry.citation
            if (at.chunk, at.start, at.end) == (chunk, start, end) and entry.claim == claim:
                return f"e{number}"
        return ""

    def render(self, limit: int) -> str:
        """The ledger in at most ``limit`` tokens.

        Where it is too long, the oldest entries lose their quotes, then they are merged into one line, then only their
        names are said.
        """
        if not self._entries or limit <= 0:
            return ""
        key = (len(self._entries), limit)
        if key not in self._rendered:
            if len(self._rendered) >= _KEPT:
                self._rendered.clear()
            self._rendered[key] = self._render(limit)
        return self._rendered[key]

    def _render(self, limit: int) -> str:
        full = [self._line(n, compact=False) for n in range(len(self._entries))]
        short = [self._line(n, compact=True) for n in range(len(self._entries))]
        lines = list(full)
        for n in range(len(lines)):
            if self._fits(lines, limit):
                return "\n".join(lines)
            lines[n] = short[n]
        for longest in _MERGED:
            for merged in range(2, len(lines)):
                kept = [self._merged(merged, longest), *lines[merged:]]
                if self._fits(kept, limit):
                    return "\n".join(kept)
        for left_out in range(1, len(lines)):
            kept = [status.evidence_left_out("e1", f"e{left_out}"), *lines[left_out:]]
            if self._fits(kept, limit):
                return "\n".join(kept)
        return cut(short[-1], limit, self._count, prompts.CUT)

    def _merged(self, count: int, longest: int) -> str:
        claims = [" ".join(entry.claim.split())[:longest].rstrip() for entry in self._entries[:count]]
        return status.evidence_merged("e1", f"e{count}", claims)

    def _fits(self, lines: list[str], limit: int) -> bool:
        """Whether some lines fit: told from the sum of their counts first, which are kept, then from the whole."""
        if sum(self._cost(line) for line in lines) > limit:
            return False
        return self._count("\n".join(lines)) <= limit

    def _cost(self, line: str) -> int:
        if line not in self._costs:
            self._costs[line] = self._count(line) + 1
        return self._costs[line]

    def _line(self, index: int, compact: bool) -> str:
        entry = self._entries[index]
        at = entry.citation
        return status.evidence_line(
            f"e{index + 1}", entry.claim, at.quote, self._handles[index], at.title, at.page, compact
        )
