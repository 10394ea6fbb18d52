"""How a run ends: with an answer, with "not in the documents", or at a limit with what was found so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from docqa import citations, prompts
from docqa.events import Answered, Citation, Evidence, Outcome, Recalled
from docqa.tools import Answer

SOURCES = "(Sources: "  # what the sources of an answer begin with in the conversation
_FEW = 10  # passages: where less was looked at and more was found, "not in the documents" says so


@dataclass
class Spent:
    """What a run has taken so far."""

    steps: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    cached_tokens: int = 0

    def pay(self, prompt: int, answer: int, cached: int = 0) -> None:
        """Add the tokens of one call of the model."""
        self.prompt_tokens += prompt
        self.answer_tokens += answer
        self.cached_tokens += cached

    @property
    def tokens(self) -> int:
        """Prompt and answer tokens together."""
        return self.prompt_tokens + self.answer_tokens


@dataclass(frozen=True, slots=True)
class Ending:
    """Makes the last event of a run by ``model`` that took ``spent`` and ``seconds`` and holds ``evidence``."""

    model: str
    spent: Spent
    seconds: float
    evidence: tuple[Evidence, ...]

    def answer(self, answer: Answer, looked_at: tuple[int, int]) -> Answered:
        """The end by an answer that is accepted. ``looked_at``: passages that were shown, and that were found."""
        if answer.not_found and answer.problems and not looked_at[1]:
            return self.uncited(answer.text, "answers without a search")
        if answer.not_found:
            seen, found = looked_at
            few = seen < min(_FEW, found)
            text = f"{answer.text}\n\n{prompts.looked_at(seen, found)}" if few else answer.text
            return self._answered(text, answer.cited, "not_found", recalled=answer.recalled)
        if answer.problems and not answer.cited and not answer.recalled:
            return self.uncited(answer.text, "answers without a citation")
        return self._answered(answer.text, answer.cited, "answered", recalled=answer.recalled)

    def uncited(self, text: str, limit: str) -> Answered:
        """The end with a text that nothing carries."""
        return self._answered(f"{text}\n\n{prompts.UNCITED}", (), "partial", limit)

    def limit(self, limit: str, missing: Sequence[str]) -> Answered:
        """The end at a limit: the claims of the ledger with their quotes, and what was still to be looked up."""
        cited = tuple((f"e{n}", entry.citation) for n, entry in enumerate(self.evidence, 1))
        found = [f"{entry.claim} [e{n}]" for n, entry in enumerate(self.evidence, 1)]
        return self._answered(prompts.partial(limit, found, missing), cited, "partial", limit)

    def _answered(
        self,
        text: str,
        cited: Sequence[tuple[str, Citation]],
        outcome: Outcome,
        limit: str = "",
        recalled: tuple[Recalled, ...] = (),
    ) -> Answered:
        numbered, verified = citations.number(citations.without_links(text), cited)
        return Answered(
            text=numbered,
            citations=verified,
            outcome=outcome,
            model=self.model,
            steps=self.spent.steps,
            seconds=self.seconds,
            prompt_tokens=self.spent.prompt_tokens,
            answer_tokens=self.spent.answer_tokens,
            limit=limit,
            evidence=self.evidence,
            recalled=recalled,
            cached_tokens=self.spent.cached_tokens,
        )


def said(answered: Answered) -> str:
    """An answer as the conversation keeps it: its text without markers, and the sources in words."""
    sources = dict.fromkeys(f"{cited.title}, page {cited.page}" for cited in answered.citations)
    text = citations.without_markers(answered.text)
    return f"{text}\n{SOURCES}{'; '.join(sources)})" if sources else text
