"""Which statements answer a question: weighed by its words that they cover, chosen so that together they cover most.

The weights are inverse document frequencies (Spärck Jones, 1972) told from the statements at hand; the choice is greedy
set cover over the question's words, which finds both sides of a comparison and both ends of a hop.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from docqa.llm.extractive.passages import Statement
from docqa.llm.extractive.question import Question, is_date
from docqa.llm.extractive.words import names, words

# What a word counts that stands in the statement, in its title and headings, in its passage, elsewhere in its document:
LAYERS = (1.0, 0.6, 0.4, 0.2)
NAME_LAYERS = (1.0, 0.8, 0.5, 0.3)  # the same for a word of a name, which a text says once and then takes for granted
KIND_BONUS = 0.15  # of the whole, for a statement that holds an answer of the asked kind
PHRASE_BONUS = 0.1  # of the whole, shared out over the pairs of neighbouring words of the question
RANK_BONUS = 0.1  # of the whole, for the first passage of a search, less for the later ones
LEAST_GAIN = 0.15  # of the whole: a further statement has to cover at least this much more,
LEAST_SCORE = 0.5  # and to have this share of the best one's score

Words = dict[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Scored:
    """A statement with the share (0 to 1) of each of the question's words that it covers, and its score."""

    statement: Statement
    cover: dict[str, float]
    score: float
    fits: bool


def weights(question: Question, found: Sequence[Statement]) -> dict[str, float]:
    """The weight of each of the question's words: high where few of the statements have it; they add up to 1."""
    asked = set(question.terms)
    seen = Counter(s for f in found for s in asked & set(words(" ".join([f.quote, *f.columns]))))
    raw = {
        s: math.log(1 + (len(found) + 1) / (seen[s] + 1)) * question.strong.get(s, 1.0) for s in question.terms
    }
    whole = sum(raw.values()) or 1.0
    return {s: w / whole for s, w in raw.items()}


def score(question: Question, found: Sequence[Statement]) -> list[Scored]:
    """The statements that cover anything of the question, best first; equal ones in the order of their passages."""
    weight = weights(question, found)
    passages = {f.passage.handle: f.passage for f in found}
    near = {handle: frozenset(words(p.text)) for handle, p in passages.items()}
    far: dict[str, frozenset[str]] = {}
    for handle, passage in passages.items():
        far[passage.title] = far.get(passage.title, frozenset()) | near[handle]
    scored = [_score(question, s, weight, near[s.passage.handle], far[s.passage.title]) for s in found]
    return sorted((s for s in scored if any(s.cover.values())), key=lambda s: -s.score)


def _score(
    question: Question, statement: Statement, weight: dict[str, float], near: frozenset[str], far: frozenset[str]
) -> Scored:
    own = words(" ".join([statement.quote, *statement.columns]))
    layers = (set(own), set(words(statement.context)), near, far)
    cover = {}
    for s in weight:
        shares = NAME_LAYERS if s in question.strong else LAYERS
        cover[s] = next((share for share, has in zip(shares, layers, strict=True) if s in has), 0.0)
    total = sum(weight[s] * share for s, share in cover.items())
    fits = question.shown_in(statement.quote)
    pairs = set(pairwise(question.terms))
    if pairs:
        total += PHRASE_BONUS * len(pairs & set(pairwise(own))) / len(pairs)
    total += KIND_BONUS * fits + RANK_BONUS / (1 + statement.passage.rank / 2)
    total -= 0.002 * max(0, len(own) - 40)
    return Scored(statement, cover, total, fits)


def choose(question: Question, found: Sequence[Statement], most: int = 4) -> list[Scored]:
    """The statements that together cover most of the question, the best first.

    A further one must cover what the others do not, and must be bound to them: it shares a name with the question or
    with one already chosen.
    """
    weight = weights(question, found)
    ranked = score(question, found)
    if not ranked:
        return []
    chosen = [ranked.pop(0)]
    rest = [s for s in ranked if s.score >= LEAST_SCORE * chosen[0].score]
    while len(chosen) < most:
        covered = {s: max(c.cover[s] for c in chosen) for s in weight}
        bound = [s for s in rest if _gain(s, covered, weight) >= LEAST_GAIN and _bound(question, s, chosen)]
        if not bound:
            break
        best = max(bound, key=lambda s: _gain(s, covered, weight) + 0.3 * s.score)
        rest.remove(best)
        chosen.append(best)
    return chosen


def leads_in(question: Question, statement: Statement) -> list[str]:
    """The names that a statement brings in and the question does not have; dates are none."""
    found = [n for n in names(f"So {statement.quote}") if not set(words(n)) <= set(question.terms)]
    return [n for n in found if not is_date(n)]


def coverage(question: Question, found: Sequence[Statement], chosen: Sequence[Scored]) -> dict[str, float]:
    """How much, from 0 to its weight, of each of the question's words the chosen statements cover together."""
    weight = weights(question, found)
    return {s: w * max((c.cover.get(s, 0.0) for c in chosen), default=0.0) for s, w in weight.items()}


def _gain(one: Scored, covered: dict[str, float], weight: dict[str, float]) -> float:
    return sum(weight[s] * max(0.0, share - covered[s]) for s, share in one.cover.items())


def _bound(question: Question, one: Scored, chosen: Sequence[Scored]) -> bool:
    if not question.names:
        return True
    ties = [*question.names, *(n for c in chosen for n in leads_in(question, c.statement))]
    has = set(words(f"{one.statement.quote} {one.statement.context}"))
    return any(set(words(n)) <= has for n in ties)
