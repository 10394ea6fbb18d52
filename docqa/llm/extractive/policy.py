"""What the reader does next, told from what it sees: search, note evidence, follow a lead, or answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from docqa.llm import ToolCall
from docqa.llm.extractive.meaning import Meaning
from docqa.llm.extractive.passages import Passage, Statement, statements
from docqa.llm.extractive.question import Question, analyse, sides
from docqa.llm.extractive.records import chain, leads_to, led_to, records
from docqa.llm.extractive.scoring import Ranking, Scored, choose, leads_in, pair, rank
from docqa.llm.extractive.verdict import answerable
from docqa.llm.extractive.versions import contradiction
from docqa.llm.extractive.view import View
from docqa.llm.extractive.wording import CLAIM, compose, not_found, say
from docqa.llm.extractive.words import plain, words

MOST_SEARCHES = 6  # queries of one question
MOST_PAGES = 2  # pages of results read for one query, and as many more as it takes to read
LEAST_READ = 6  # passages of it: in a small window a page holds only one or two
FOLLOWED = "It was followed as far as it leads."  # the reader looks for leads itself
MOST_NOTES = 3  # notes in one step
RIVALS = 20  # statements among which a contradiction is looked for
QUERY_CHARS = 1000
MOST_QUOTES = 3  # statements of an answer where none stands out
NEARLY = 0.7  # share of the best score from which a statement counts as nearly as good
MOST_LEADS = 3  # names of what was chosen that are followed
NEAREST = 0.4  # cosine with the question from which a statement is worth naming where none answers
COVERED = 0.5  # share of a word that a statement must cover for it to be covered
HOP = 0.15  # share of the question's words that must be uncovered for a name to be followed


def next_calls(seen: View, meaning: Meaning) -> list[ToolCall]:
    """The functions to call in this step."""
    question = analyse(seen.question)
    if "search_archive" in seen.tools and not seen.searches and not seen.evidence:
        calls = [_search(seen.question[:QUERY_CHARS])]
    else:
        calls = _follow(question, seen) or _read(question, seen, meaning)
    return [replace(call, id=f"{call.name}-{number}") for number, call in enumerate(calls, 1)]


def _follow(question: Question, seen: View) -> list[ToolCall]:
    """The next step where the question asks for the value of an identifier; empty where no record has it as its key."""
    known = records(seen.passages())
    for start in question.identifiers:
        reached = [(e.name, value) for e in seen.evidence if (value := led_to(start, e.claim))]
        last = reached[-1][1] if reached else start
        links = chain(last, known, question.follows) if question.follows or not reached else []
        links = [link for link in links if not seen.noted(link.quote)]
        if not links and not reached:
            if question.follows and (calls := _look_up(start, seen)):
                return calls
            continue
        # Notes and look-up are two steps: in a small window they would share its room and the passages would be cut.
        calls = [_note(leads_to(start, link), link.quote, link.passage) for link in links]
        calls = calls or (_look_up(last, seen) if question.follows else [])
        return calls or [_answer(last, [name for name, _ in reversed(reached)])]
    return []


def _look_up(query: str, seen: View) -> list[ToolCall]:
    """A search for a query, its next page of results, or nothing where enough pages of it have been seen."""
    if "search_archive" not in seen.tools:
        return []
    if not seen.searched(query):
        return [] if seen.made(query) else [_search(query)]
    last = max((s for s in seen.searches if plain(s.query) == plain(query)), key=lambda s: s.page)
    enough = last.page >= MOST_PAGES and last.read >= LEAST_READ
    return [] if enough or not last.next_page else [_search(query, last.next_page)]


def _read(question: Question, seen: View, meaning: Meaning) -> list[ToolCall]:
    """The next step of answering from sentences and rows."""
    pool = _pool(seen)
    rankings = [rank(part, pool, meaning) for part in sides(question)]
    chosen = _chosen(rankings, meaning)
    whole = rankings[0] if len(rankings) == 1 else rank(question, pool, meaning)
    notes = [
        _note(say(question, c.statement)[:CLAIM], c.statement.quote, c.statement.passage)
        for c in chosen
        if not seen.noted(c.statement.quote)
    ][:MOST_NOTES]
    good = answerable(whole, chosen, pool, meaning)
    more = _explore(question, seen, chosen, good) if "search_archive" in seen.tools else []
    if more:
        return [*notes, *more]
    if not good:
        nearest = whole.ranked[0] if whole.ranked else None
        shown = nearest.statement if nearest and nearest.alike >= NEAREST else None
        return [_answer(not_found(question, shown), [])]
    if notes and "note_evidence" in seen.tools:
        return notes
    cited = [(c, name) for c in chosen if (name := seen.noted(c.statement.quote))]
    once = {(plain(say(question, c.statement)), name): (c, name) for c, name in reversed(cited)}
    text, order = compose(question, [*reversed(once.values())], pool, compared=len(rankings) > 1)
    return [_answer(text, order)]


def _chosen(rankings: Sequence[Ranking], meaning: Meaning) -> list[Scored]:
    """What answers a question: of a comparison the best statement for each side, else what ``choose`` finds."""
    if len(rankings) == 1:
        ranking = _distinct(rankings[0])
        return _with_rival(_with_equals(choose(ranking), ranking.ranked), ranking.ranked)
    if len(rankings) == 2:
        return pair(rankings[0], rankings[1], meaning)
    best = [ranking.ranked[0] for ranking in rankings if ranking.ranked]
    return list({b.statement: b for b in best}.values())


def _distinct(ranking: Ranking) -> Ranking:
    """The ranking without statements that repeat a better one: copies of a document, passages that overlap."""
    best: dict[str, Scored] = {}
    for one in ranking.ranked:
        best.setdefault(plain(say(ranking.question, one.statement)), one)
    return replace(ranking, ranked=tuple(best.values()))


def _with_equals(chosen: list[Scored], ranked: Sequence[Scored]) -> list[Scored]:
    """What was chosen, and what is nearly as good on other pages: the reader cannot tell which answers better."""
    found = list(chosen)
    for one in ranked[:RIVALS]:
        pages = {(c.statement.passage.title, c.statement.passage.page) for c in found}
        near = one.score >= NEARLY * ranked[0].score
        if near and len(found) < MOST_QUOTES and (one.statement.passage.title, one.statement.passage.page) not in pages:
            found.append(one)
    return found


def _with_rival(chosen: list[Scored], ranked: Sequence[Scored]) -> list[Scored]:
    """What was chosen, and the statement of another version that contradicts the first of it, if there is one."""
    rival = contradiction([*chosen[:1], *ranked[:RIVALS]])
    return [*chosen, rival] if rival and all(rival.statement != c.statement for c in chosen) else chosen


def _pool(seen: View) -> list[Statement]:
    """Every statement in sight that can be cited: of the passages, and the evidence whose passage is gone."""
    shown = seen.passages()
    handles = {p.handle for p in shown}
    found = [s for p in shown for s in statements(p) if plain(s.quote) not in seen.refused]
    return found + [Statement(e.passage.text, e.passage) for e in seen.evidence if e.passage.handle not in handles]


def _explore(question: Question, seen: View, chosen: Sequence[Scored], good: bool) -> list[ToolCall]:
    """The next search: a name of the question that nothing covers, a lead out of what was chosen, or the next page."""
    done = {plain(s.query) for s in seen.searches} | set(seen.forgotten)
    if len(done) >= MOST_SEARCHES:
        return []
    for query in _queries(question, chosen):
        if not seen.made(query):
            return [_search(query)]
    first = seen.question[:QUERY_CHARS]
    # In a small window its results have left, and to search again would only push out the next: read on what is there.
    left = seen.searches and not seen.searched(first)
    return [] if good else _look_up(seen.searches[-1].query if left else first, seen)


def _queries(question: Question, chosen: Sequence[Scored]) -> list[str]:
    """Searches that may bring in what is not covered yet, the most promising first."""
    parts = sides(question)
    if len(parts) > 1:
        common = [s for s in question.terms if all(s in part.terms and s not in words(part.names[0]) for part in parts)]
        return [*(_query(part.names[0], part.terms, part) for part in parts), _query("", common, question)]
    open_terms = [s for s in question.terms if all(c.cover.get(s, 0.0) < COVERED for c in chosen)]
    missing = [n for n in [*question.identifiers, *question.names] if set(words(n)) & set(open_terms)]
    rest = [s for s in question.terms if not any(s in words(n) for n in question.names)]
    found = [name if name in question.identifiers else _query(name, rest, question) for name in dict.fromkeys(missing)]
    if chosen and len(open_terms) >= HOP * len(question.terms):
        leads = dict.fromkeys(n for c in chosen for n in leads_in(question, c.statement))
        found += [_query(lead, open_terms, question) for lead in list(leads)[:MOST_LEADS]]
    return found


def _query(name: str, terms: Sequence[str], question: Question) -> str:
    said = [question.surface[s] for s in terms if s not in words(name)][:8]
    return " ".join([name, *said]).strip()


def _search(query: str, page: int = 1) -> ToolCall:
    return ToolCall("search_archive", {"query": query, "page": page} if page > 1 else {"query": query})


def _note(claim: str, quote: str, passage: Passage) -> ToolCall:
    return ToolCall("note_evidence", {"claim": claim, "chunk": passage.handle, "quote": quote})


def _answer(text: str, citations: Sequence[str]) -> ToolCall:
    named = list(dict.fromkeys(c for c in citations if c))
    arguments: dict[str, object] = {"text": text, "citations": named, "dismiss": FOLLOWED}
    return ToolCall("answer", arguments if named else {**arguments, "not_found": True})
