"""The questions of ``sample_docs/`` with the extractive reader: ``python -m benchmarks.sample``.

For each kind of question: how often a gold page is cited (and how often all of them), how often the answer's text holds
the gold answer, and how often an unanswerable question is called so.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.common import json_lines, library, table, take_in
from docqa.agent import Agent
from docqa.events import Answered
from docqa.llm.extractive import ExtractiveReader
from docqa.memory.archival import open_archival

SAMPLE = Path(__file__).resolve().parents[1] / "sample_docs"
UNANSWERABLE = "unanswerable"


@dataclass(frozen=True, slots=True)
class Result:
    """A question's run, judged; pages are pairs of file name and number."""

    question: dict[str, Any]
    answered: Answered
    cited: frozenset[tuple[str, int]]

    @property
    def gold(self) -> frozenset[tuple[str, int]]:
        """The pages that hold the answer."""
        return frozenset((g["document"], g["page"]) for g in self.question.get("gold", ()))

    @property
    def called_not_found(self) -> bool:
        """Whether the answer says that the documents do not answer."""
        return self.answered.outcome == "not_found"

    @property
    def holds_answer(self) -> bool:
        """Whether the text holds the gold answer or one of its variants, case and white space aside."""
        text = _plain(self.answered.text)
        variants = [self.question["answer"], *self.question.get("answers", ())]
        return any(_plain(v) in text for v in variants if v)

    @property
    def good(self) -> bool:
        """A gold page cited, or an unanswerable question called so."""
        return self.called_not_found if self.question["kind"] == UNANSWERABLE else bool(self.cited & self.gold)


def main() -> None:
    """Ingest the sample documents, ask every question and print a line for each kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, help="keep the ingested library here")
    parser.add_argument("--verbose", action="store_true", help="show the questions that went wrong")
    options = parser.parse_args()
    results = _ask(options)
    if options.verbose:
        for result in (r for r in results if not r.good):
            question = result.question
            print(f"{question['id']}: {question['question']}\n    {result.answered.text}", file=sys.stderr)
    _print(results)


def _ask(options: argparse.Namespace) -> list[Result]:
    questions = json_lines(SAMPLE / "questions.jsonl")
    with library(options, "sample") as (opened, settings):
        take_in(opened, [SAMPLE / "documents"])
        files = {row.id: Path(row.source).name for row in opened.catalog.documents()}
        agent = Agent(ExtractiveReader(), open_archival(opened, settings), settings)
        results = []
        for question in questions:
            *_, answered = agent.run(question["question"])
            assert isinstance(answered, Answered)
            cited = frozenset((files[c.document], c.page) for c in answered.citations)
            results.append(Result(question, answered, cited))
        return results


def _print(results: Sequence[Result]) -> None:
    groups: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        kind = result.question["kind"]
        groups[kind].append(result)
        if kind != UNANSWERABLE:
            groups["answerable, all"].append(result)
    order = sorted(groups, key=lambda kind: (kind == UNANSWERABLE, kind == "answerable, all", kind))
    header = (
        "kind",
        "questions",
        "a gold page cited %",
        "all gold pages %",
        "answer held %",
        "called not found %",
        "steps",
        "seconds",
    )
    table("Sample questions, extractive reader", header, [_row(kind, groups[kind]) for kind in order])


def _row(kind: str, group: Sequence[Result]) -> tuple[object, ...]:
    def share(judged: Sequence[bool]) -> object:
        return 100 * sum(judged) / len(judged)

    judged = ([r.good for r in group], [r.gold <= r.cited for r in group], [r.holds_answer for r in group])
    gold = ("", "", "") if kind == UNANSWERABLE else tuple(map(share, judged))
    steps = sum(r.answered.steps for r in group) / len(group)
    seconds = sum(r.answered.seconds for r in group) / len(group)
    return (kind, len(group), *gold, share([r.called_not_found for r in group]), steps, f"{seconds:.2f}")


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


if __name__ == "__main__":
    main()
