"""Whether what was chosen answers the question, or the documents do not."""

from __future__ import annotations

from collections.abc import Sequence

from docqa.llm.extractive.meaning import Meaning
from docqa.llm.extractive.passages import Statement
from docqa.llm.extractive.scoring import Ranking, Scored
from docqa.llm.extractive.words import STOP, words

ENOUGH = 0.45  # share of the question's weight that the chosen statements must cover
UNSEEN = 0.26  # share of its weight that may be in words that stand nowhere in what was read


def signals(ranking: Ranking, chosen: Sequence[Scored], pool: Sequence[Statement], meaning: Meaning) -> dict[str, float]:
    question, weight = ranking.question, ranking.weight
    read = {s for text in {" ".join([f.passage.text, f.context, *f.columns]) for f in pool} for s in words(text)}
    asked = [s for s in question.terms if s not in question.strong]
    whole = sum(weight[s] for s in asked) or 1.0
    covers = [sum(weight[s] * c.cover.get(s, 0.0) for s in asked) / whole for c in chosen]
    joint = ranking.coverage(chosen)
    strong = [s for s in question.terms if s in question.strong]
    whole_strong = sum(weight[s] for s in strong)
    text = " ".join(w for w in question.text.rstrip("?").split() if not set(words(w)) & set(strong))
    masked = [" ".join(w for w in c.statement.said.split() if not set(words(w)) & set(strong)) for c in chosen]
    asked_text = " ".join(question.surface[s] for s in asked)
    least = [min((c.cover.get(s, 0.0) for s in asked), default=1.0) for c in chosen]
    from docqa.llm.extractive.words import surfaces
    extra = {}
    if asked:
        w = [weight[s] for s in asked]; tot = sum(w) or 1
        rows = [meaning.nearest([question.surface[s].lower() for s in asked], surfaces(" ".join([c.statement.quote, c.statement.heading, *c.statement.columns]))) for c in chosen]
        extra["cont_first"] = sum(a*b for a,b in zip(w,rows[0]))/tot
        extra["cont_best"] = max(sum(a*b for a,b in zip(w,r))/tot for r in rows)
        extra["cont_min_first"] = min(rows[0])
        extra["cont_min_best"] = max(min(r) for r in rows)
        both=[max(r[i] for r in rows) for i in range(len(asked))]
        extra["cont_joint"] = sum(a*b for a,b in zip(w,both))/tot
        extra["cont_min_joint"] = min(both)
        extra["head_first"] = rows[0][0]
        extra["head_joint"] = both[0]
    extra["single"] = max(sum(weight.get(s,0)*v for s,v in c.cover.items()) for c in chosen)
    pool_texts=[f.said for f in pool]
    extra["masked_pool"] = max(meaning.alike(text, [" ".join(w for w in x.split() if not set(words(w)) & set(strong)) for x in pool_texts]))
    extra["contrast"] = meaning.alike(text, masked)[0] - sorted(meaning.alike(text, [" ".join(w for w in x.split() if not set(words(w)) & set(strong)) for x in pool_texts]))[len(pool_texts)//2]
    return {**extra,
        "covered": sum(joint.values()),
        "asked_joint": sum(joint[s] for s in asked) / whole,
        "asked_best": max(covers),
        "asked_first": covers[0],
        "asked_least": max(least),
        "least_joint": min((joint[s]/weight[s] for s in asked), default=1.0),
        "strong_joint": sum(joint[s] for s in strong) / whole_strong if strong else 1.0,
        "strong_first": sum(weight[s]*chosen[0].cover.get(s, 0.0) for s in strong) / whole_strong if strong else 1.0,
        "unseen_strong": float(any(s not in read for s in strong)),
        "unseen": sum(weight[s] for s in weight if s not in read),
        "alike": max(c.alike for c in chosen),
        "alike_first": chosen[0].alike,
        "masked": max(meaning.alike(text, masked)),
        "masked2": max(meaning.alike(asked_text, masked)),
        "masked_first": meaning.alike(text, masked)[0],
        "fits": float(any(c.fits for c in chosen)),
        "fits_first": float(chosen[0].fits),
        "score": chosen[0].score,
    }


def answerable(
    ranking: Ranking, chosen: Sequence[Scored], pool: Sequence[Statement], meaning: Meaning
) -> bool:
    """Whether the documents seem to answer the question."""
    if not chosen:
        return False
    has = signals(ranking, chosen, pool, meaning)
    return has["covered"] >= ENOUGH and not has["unseen_strong"] and has["unseen"] <= UNSEEN
