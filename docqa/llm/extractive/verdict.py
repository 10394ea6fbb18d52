"""Whether what was chosen answers the question, or the documents do not."""

from __future__ import annotations

from collections.abc import Sequence

from docqa.llm.extractive.passages import Statement
from docqa.llm.extractive.question import Question
from docqa.llm.extractive.scoring import Scored, weights
from docqa.llm.extractive.words import words

ENOUGH = 0.45  # share of the question's weight that the chosen statements must cover
UNSEEN = 0.26  # share of its weight that may be in words that stand nowhere in what was read


def answerable(
    question: Question, chosen: Sequence[Scored], covered: dict[str, float], pool: Sequence[Statement]
) -> bool:
    """Whether the documents seem to answer the question.

    They do not where the chosen statements cover too little of it, or where a name or number of it, or much of the
    rest, stands nowhere in what was read: then they speak of its subject and not of what is asked.

    Args:
        question: the question.
        chosen: the statements chosen for it.
        covered: the weight of each of its words that they cover (see ``scoring.coverage``).
        pool: all statements that were read.
    """
    if not chosen or sum(covered.values()) < ENOUGH:
        return False
    weight = weights(question, pool)
    read = {s for text in {" ".join([f.passage.text, f.context, *f.columns]) for f in pool} for s in words(text)}
    unseen = {s for s in weight if s not in read}
    return not unseen & set(question.strong) and sum(weight[s] for s in unseen) <= UNSEEN
