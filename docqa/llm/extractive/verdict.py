"""Whether what was chosen answers the question, or the documents do not: a logistic rule over three signals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from docqa.llm.extractive.meaning import Meaning
from docqa.llm.extractive.passages import Statement
from docqa.llm.extractive.scoring import Ranking, Scored
from docqa.llm.extractive.words import words

# Fitted by logistic regression on answerable and unanswerable questions (docs/extractive-reader.md) and rounded:
NEAR, ASKED, UNSEEN, CONSTANT = 3.4, 3.0, -3.0, -2.7


@dataclass(frozen=True, slots=True)
class Signals:
    """What the verdict is told from.

    ``near`` is the highest cosine of the question and a chosen statement. ``asked`` is the cosine of both without the
    names and numbers of the question: "the telephone number of" is what is asked, and whose it is says nothing about
    it. ``unseen`` is the weight of the question's words that stand nowhere in what was read, nor a word near them in
    what was chosen; a number or year has to stand in what was chosen.
    """

    near: float
    asked: float
    unseen: float

    @property
    def log_odds(self) -> float:
        """The logarithm of the odds that the documents answer; above 0 they rather do."""
        return NEAR * self.near + ASKED * self.asked + UNSEEN * self.unseen + CONSTANT


def answerable(ranking: Ranking, chosen: Sequence[Scored], pool: Sequence[Statement], meaning: Meaning) -> bool:
    """Whether the documents seem to answer the question.

    Args:
        ranking: the question, of a comparison the whole of it, with the weights of its words.
        chosen: the statements chosen for it.
        pool: all statements that were read.
        meaning: what compares texts.
    """
    return bool(chosen) and signals(ranking, chosen, pool, meaning).log_odds > 0


def signals(ranking: Ranking, chosen: Sequence[Scored], pool: Sequence[Statement], meaning: Meaning) -> Signals:
    """The signals for at least one chosen statement."""
    question, weight = ranking.question, ranking.weight
    read = {s for text in {" ".join([f.passage.text, f.context, *f.columns]) for f in pool} for s in words(text)}
    covered = ranking.coverage(chosen)
    asked = _without(question.text.rstrip("?"), set(question.strong))
    said = _without(chosen[0].statement.said, set(question.strong))
    return Signals(
        near=max(c.alike for c in chosen),
        asked=meaning.alike(asked, [said])[0],
        unseen=sum(w - covered[s] for s, w in weight.items() if s not in read or s[0].isdigit()),
    )


def _without(text: str, stems: set[str]) -> str:
    return " ".join(word for word in text.split() if not stems & set(words(word)))
