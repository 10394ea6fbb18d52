"""Core memory: small blocks that the model always sees and edits itself (MemGPT, Packer et al., 2023).

They outlive conversations, so what gets in there is guarded: only what the user said may be remembered, and forgotten
only what the user's words point to, as far as words tell. A document that asks for anything else is not obeyed,
whatever the model makes of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from docqa import prompts
from docqa.memory.budget import Count, cut
from docqa.memory.recall import Recall
from docqa.memory.stems import stems
from docqa.prompts import mistakes
from docqa.settings import Settings

BLOCKS = ("user", "library", "task")
_GROUNDED = 0.5  # share of a line's words that the user must have said
_SHARE = 12  # core memory takes at most this part of the window


def most_tokens(settings: Settings) -> int:
    """Tokens that core memory may take."""
    return min(settings.core_memory_tokens, settings.context_window // _SHARE)


class CoreMemory:
    """The blocks of one user: ``user`` (about the user), ``library`` (about the library), ``task`` (notes of the task).

    Each is a few lines of text, all together of at most ``limit`` tokens.
    """

    def __init__(self, recall: Recall, count: Count, limit: int) -> None:
        self._recall, self._count, self.limit = recall, count, limit
        kept = recall.blocks()
        self._blocks = {name: kept.get(name, "") for name in BLOCKS}
        self._said: set[str] = set()
        self._read: set[str] = set()

    @property
    def blocks(self) -> dict[str, str]:
        """The text of each block."""
        return dict(self._blocks)

    @property
    def used(self) -> int:
        """Tokens that the blocks take."""
        return self._tokens(self._blocks)

    def render(self) -> str:
        """Core memory as the model sees it, empty where there is no room for any."""
        if self.limit <= 0:
            return ""
        shown = cut(_text(self._blocks), self.limit, self._count, prompts.CUT)
        return prompts.memory(shown, self.used, self.limit)

    def heard(self, texts: Iterable[str]) -> None:
        """Take notice of what the user said."""
        for text in texts if self.limit > 0 else ():  # without room nothing can be remembered, or has to be checked
            self._said |= stems(text)

    def saw(self, texts: Iterable[str]) -> None:
        """Take notice of text out of documents that the run has shown."""
        for text in texts if self.limit > 0 else ():
            self._read |= stems(text)

    def remember(self, block: str, text: str) -> str:
        """Add a line to a block; gives the sentence that tells the model why not, or an empty text."""
        line = " ".join(text.split())
        if block not in BLOCKS:
            return mistakes.unknown_block(block, BLOCKS)
        if not line:
            return mistakes.NOTHING_TO_REMEMBER
        if not self._trusted(line):
            return mistakes.FROM_A_DOCUMENT
        self._refresh(block)
        lines = self._blocks[block].split("\n") if self._blocks[block] else []
        if line in lines:
            return ""
        changed = {**self._blocks, block: "\n".join([*lines, line])}
        if self._tokens(changed) > self.limit:
            return mistakes.core_full(self.used, self.limit)
        self._write(block, changed[block])
        return ""

    def forget(self, block: str, text: str) -> tuple[str, str]:
        """Drop the lines of a block that hold a text; gives what was dropped, and why nothing was."""
        if block not in BLOCKS:
            return "", mistakes.unknown_block(block, BLOCKS)
        self._refresh(block)
        wanted = stems(text)
        lines = self._blocks[block].split("\n")
        said = re.compile(rf"(?<!\w){re.escape(text.strip())}(?!\w)")
        dropped = [line for line in lines if line and (said.search(line) or (wanted and wanted <= stems(line)))]
        if not dropped or not text.strip():
            return "", mistakes.not_in_core(block)
        if any(len(stems(line) & self._said) < _GROUNDED * len(stems(line)) for line in dropped):
            return "", mistakes.NOT_ASKED_TO_FORGET
        self._write(block, "\n".join(line for line in lines if line not in dropped))
        return "; ".join(dropped), ""

    def _trusted(self, line: str) -> bool:
        """Whether a line comes from the user, as far as its words tell."""
        words = stems(line)
        from_documents = (words & self._read) - self._said
        return bool(words) and not from_documents and len(words & self._said) >= _GROUNDED * len(words)

    def _refresh(self, block: str) -> None:
        """Read a block anew: another run of the user may have written there meanwhile."""
        self._blocks[block] = self._recall.blocks().get(block, "")

    def _write(self, block: str, text: str) -> None:
        self._recall.write_block(block, text)
        self._blocks[block] = text

    def _tokens(self, blocks: dict[str, str]) -> int:
        return self._count(_text(blocks))


def _text(blocks: dict[str, str]) -> str:
    return "\n".join(f"{name}: {text}" for name, text in blocks.items() if text)
