"""Which statements answer a question: weighed by the words of it that they cover and by how near their meaning is.

The weights of the words are inverse document frequencies (Spärck Jones, 1972) told from the statements at hand; the
meaning is a cosine of sentence vectors (Sentence-BERT; Reimers and Gurevych, 2019), and a word of the question is also
covered, in part, by one that is near it. The choice is greedy set cover over the question's words, which finds both
ends of a hop.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from docqa.llm.extractive.meaning import Meaning
from docqa.llm.extractive.passages import Statement
from docqa.llm.extractive.question import Question, is_date
from docqa.llm.extractive.words import names, surfaces, words

# What a word counts that stands in the statement, in its title and headings, in its passage, elsewhere in its document:
LAYERS = (1.0, 0.6, 0.4, 0.2)
NAME_LAYERS = (1.0, 0.8, 0.5, 0.3)  # the same for a word of a name, which a text says once and then takes for granted
KIND_BONUS = 0.25  # of the whole, for a statement that holds an answer of the asked kind
PHRASE_BONUS = 0.1  # of the whole, shared out over the pairs of neighbouring words of the question
RANK_BONUS = 0.1  # of the whole, for the first passage of a search, less for the later ones
MEANING = 0.9  # what the cosine of question and statement counts
SYNONYM = (0.5, 0.8)  # cosine of two words from which one begins to cover the other, and from which it does in full
RECONSIDERED = 40  # best statements whose words are compared by meaning
PAIRED = 12  # best statements of each side among which a pair is looked for
PAIR_ALIKE, PAIR_APART = 0.5, 0.2  # what the cosine of a pair counts, and that its two stand in two documents
LEAST_GAIN = 0.15  # of the whole: a further statement has to cover at least this much more,
LEAST_SCORE = 0.5  # and to have this share of the best one's score


@dataclass(frozen=True, slots=True)
class Scored:
    """A statement with the share (0 to 1) of each of the question's words that it covers, and its score.

    ``alike`` is the cosine of question and statement, ``fits`` whether it holds an answer of the asked kind.
    """

    statement: Statement
    cover: dict[str, float]
    score: float
    alike: float
    fits: bool


@dataclass(frozen=True, slots=True)
class Ranking:
    """The statements that cover anything of a question, best first, and what each of its words weighs; the sum is 1."""

    question: Question
    weight: dict[str, float]
    ranked: tuple[Scored, ...]

    def coverage(self, chosen: Sequence[Scored]) -> dict[str, float]:
        """How much, from 0 to its weight, of each of the question's words some statements cover together."""
        return {s: w * max((c.cover.get(s, 0.0) for c in chosen), default=0.0) for s, w in self.weight.items()}


def rank(question: Question, found: Sequence[Statement], meaning: Meaning) -> Ranking:
    """Score statements; equal ones stay in the order of their passages."""
    weight = _weights(question, found)
    passages = {f.passage.handle: f.passage for f in found}
    near = {handle: frozenset(words(p.text)) for handle, p in passages.items()}
    far: dict[str, frozenset[str]] = {}
    for handle, passage in passages.items():
        far[passage.title] = far.get(passage.title, frozenset()) | near[handle]
    alike = meaning.alike(question.text, [f.reading for f in found])
    scored = [
        _score(question, s, weight, near[s.passage.handle], far[s.passage.title], a)
        for s, a in zip(found, alike, strict=True)
    ]
    scored = sorted((s for s in scored if any(s.cover.values())), key=lambda s: -s.score)
    best = _with_synonyms(question, scored[:RECONSIDERED], weight, meaning)
    return Ranking(question, weight, tuple(sorted(best, key=lambda s: -s.score) + scored[RECONSIDERED:]))


def _weights(question: Question, found: Sequence[Statement]) -> dict[str, float]:
    """The weight of each of the question's words: high where few of the statements have it; they add up to 1."""
    asked = set(question.terms)
    seen = Counter(s for f in found for s in asked & set(words(" ".join([f.quote, *f.columns]))))
    raw = {s: math.log(1 + (len(found) + 1) / (seen[s] + 1)) * question.strong.get(s, 1.0) for s in question.terms}
    whole = sum(raw.values()) or 1.0
    return {s: w / whole for s, w in raw.items()}


def _score(
    question: Question,
    statement: Statement,
    weight: dict[str, float],
    near: frozenset[str],
    far: frozenset[str],
    alike: float,
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
    total += KIND_BONUS * fits + RANK_BONUS / (1 + statement.passage.rank / 2) + MEANING * alike
    total -= 0.002 * max(0, len(own) - 40)
    return Scored(statement, cover, total, alike, fits)


def _with_synonyms(
    question: Question, scored: Sequence[Scored], weight: dict[str, float], meaning: Meaning
) -> list[Scored]:
    """The same statements, where a word near one of the question's covers it too; of names and numbers none does."""
    plain_terms = [s for s in question.terms if s not in question.strong]
    low, high = SYNONYM
    found = []
    for one in scored:
        own = surfaces(" ".join([one.statement.quote, one.statement.heading, *one.statement.columns]))
        cosines = meaning.nearest([question.surface[s].lower() for s in plain_terms], own)
        shares = {s: min(1.0, max(0.0, (c - low) / (high - low))) for s, c in zip(plain_terms, cosines, strict=True)}
        cover = {s: max(share, shares.get(s, 0.0)) for s, share in one.cover.items()}
        gained = sum(weight[s] * (cover[s] - one.cover[s]) for s in cover)
        found.append(replace(one, cover=cover, score=one.score + gained))
    return found


def choose(ranking: Ranking, most: int = 4) -> list[Scored]:
    """The statements that together cover most of the question, the best first.

    A further one must cover what the others do not, and must be bound to them: it shares a name with the question or
    with one already chosen.
    """
    if not ranking.ranked:
        return []
    weight, (first, *others) = ranking.weight, ranking.ranked
    chosen = [first]
    rest = [s for s in others if s.score >= LEAST_SCORE * first.score]
    while len(chosen) < most:
        covered = {s: max(c.cover[s] for c in chosen) for s in weight}
        bound = [s for s in rest if _gain(s, covered, weight) >= LEAST_GAIN and _bound(ranking.question, s, chosen)]
        if not bound:
            break
        best = max(bound, key=lambda s: _gain(s, covered, weight) + 0.3 * s.score)
        rest.remove(best)
        chosen.append(best)
    return chosen


def pair(one: Ranking, other: Ranking, meaning: Meaning) -> list[Scored]:
    """The best statements for both sides of a comparison: what is compared is said in like words, in two places."""
    left, right = one.ranked[:PAIRED], other.ranked[:PAIRED]
    if not left or not right:
        return [*left[:1], *right[:1]]
    cosines = meaning.vectors([s.statement.said for s in left]) @ meaning.vectors([s.statement.said for s in right]).T
    best, found = 0.0, [left[0]]
    for i, a in enumerate(left):
        for j, b in enumerate(right):
            apart = a.statement.passage.title != b.statement.passage.title
            value = a.score + b.score + PAIR_ALIKE * float(cosines[i, j]) + PAIR_APART * apart
            if a.statement != b.statement and value > best:
                best, found = value, [a, b]
    return found


def leads_in(question: Question, statement: Statement) -> list[str]:
    """The names that a statement brings in and the question does not have; dates are none."""
    found = [n for n in names(f"So {statement.quote}") if not set(words(n)) <= set(question.terms)]
    return [n for n in found if not is_date(n)]


def _gain(one: Scored, covered: dict[str, float], weight: dict[str, float]) -> float:
    return sum(weight[s] * max(0.0, share - covered[s]) for s, share in one.cover.items())


def _bound(question: Question, one: Scored, chosen: Sequence[Scored]) -> bool:
    if not question.names:
        return True
    ties = [*question.names, *(n for c in chosen for n in leads_in(question, c.statement))]
    has = set(words(f"{one.statement.quote} {one.statement.context}"))
    return any(set(words(n)) <= has for n in ties)
