"""Whether what was chosen answers the question, or the documents do not."""

from __future__ import annotations

from collections.abc import Sequence

from docqa.llm.extractive.question import Question
from docqa.llm.extractive.scoring import Scored

ENOUGH = 0.55  # share of the question's weight that must be covered
ENOUGH_WITHOUT_KIND = 0.75  # the same where no chosen statement holds an answer of the asked kind


def answerable(question: Question, chosen: Sequence[Scored], covered: dict[str, float]) -> bool:
    """Whether the chosen statements cover enough of what the question asks for.

    Args:
        question: the question.
        chosen: the statements chosen for it.
        covered: the weight of each of its words that they cover (see ``scoring.coverage``).
    """
    if not chosen:
        return False
    support = sum(covered.values())
    return support >= (ENOUGH if any(c.fits for c in chosen) else ENOUGH_WITHOUT_KIND)
