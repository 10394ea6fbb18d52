"""How the reader writes what it found: short, in the words of the documents, and versions that disagree named apart."""

from __future__ import annotations

from collections.abc import Sequence

from docqa.llm.extractive.passages import Statement, cells_of
from docqa.llm.extractive.question import Question
from docqa.llm.extractive.scoring import Scored
from docqa.llm.extractive.versions import age, contradiction
from docqa.llm.extractive.words import plain, words

CLAIM = 160  # characters of a claim in the evidence ledger
LONGEST = 320  # characters of one quoted sentence in an answer
NOT_FOUND = "The documents do not answer this question."


def say(question: Question, statement: Statement) -> str:
    """A statement as the answer says it: the sentence, or of a row its label and the asked cell with its column."""
    if statement.is_row:
        return _say_row(question, statement)
    text = plain(statement.quote).lstrip("•*– ")
    return text if len(text) <= LONGEST else text[:LONGEST].rsplit(" ", 1)[0] + " …"


def _say_row(question: Question, statement: Statement) -> str:
    label, *cells = cells_of(statement.quote)
    columns = [c.strip("| ") for c in statement.columns[1:]] or [""] * len(cells)
    asked = set(question.terms)
    fit = [len(asked & set(words(c))) for c in columns]
    kept = [(c, v) for c, v, f in zip(columns, cells, fit, strict=True) if v and (f == max(fit) or not max(fit))]
    values = "; ".join(f"{column}: {value}" if column else value for column, value in kept)
    return " — ".join(part for part in (label, values) if part)


def not_found(question: Question, nearest: Statement | None) -> str:
    """That the documents do not answer, and what in them came nearest, if anything did."""
    if nearest is None:
        return NOT_FOUND
    passage = nearest.passage
    return f"{NOT_FOUND} Nearest to it is, in {passage.title}, page {passage.page}: “{say(question, nearest)}”"


def compose(
    question: Question, cited: Sequence[tuple[Scored, str]], seen: Sequence[Statement], compared: bool = False
) -> tuple[str, list[str]]:
    """The answer's text, and the names of the evidence that it cites, in order.

    What holds an answer of the asked kind comes first. Where two versions of a text disagree, the newer comes first and
    both are named; ``seen`` is what their dates are told from. In a comparison each is said with its document.
    """
    ordered = sorted(cited, key=lambda pair: not pair[0].fits)
    if compared and len({scored.statement.passage.title for scored, _ in cited}) > 1:
        parts = [f"{s.statement.passage.title}: {say(question, s.statement)} [{name}]" for s, name in cited]
        return "\n".join(parts), [name for _, name in cited]
    rival = contradiction([scored for scored, _ in ordered])
    if rival is None:
        parts = [f"{say(question, scored.statement)} [{name}]" for scored, name in ordered]
        return "\n".join(parts), [name for _, name in ordered]
    pair = [p for p in ordered if p[0] in (ordered[0][0], rival)]
    pair.sort(key=lambda p: age(p[0].statement, seen), reverse=True)
    (newer, first), (older, second) = pair
    text = (
        f"{newer.statement.passage.title}: {say(question, newer.statement)} [{first}]\n"
        f"Otherwise in {older.statement.passage.title}: {say(question, older.statement)} [{second}]"
    )
    return text, [first, second]
