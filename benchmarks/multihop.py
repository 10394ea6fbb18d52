"""Recall of one search on the passages of MuSiQue, HotpotQA and 2WikiMultihopQA: ``python -m benchmarks.multihop``.

Each passage is ingested as a document. Recall@k: share of a question's gold passages among the first k documents found.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.common import arguments, data_folder, json_lines, library, table, take_in
from docqa.memory.archival import open_archival
from docqa.settings import Settings
from ingest.library import Library
from ingest.types import Hit

SETS = ("musique", "hotpotqa", "2wiki")
DEPTH = 200
Search = Callable[[str], list[str]]


def main() -> None:
    """Measure every set and print one table."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--set", choices=SETS, action="append", help="measure this set only; may be repeated")
    parser.add_argument("--split", default="dev")
    options = parser.parse_args()
    rows: list[tuple[object, ...]] = []
    for name in options.set or SETS:
        rows += _measure(options, name)
    table("Multi-hop passages, recall of one search", ("set", "search", "Recall@5", "Recall@20"), rows)


def _measure(options: argparse.Namespace, name: str) -> list[tuple[object, ...]]:
    folder = data_folder(options, f"multihop/{name}")
    questions = [q for q in json_lines(folder / "questions.jsonl") if q["split"] == options.split]
    with library(options, name) as (opened, settings):
        if not opened.catalog.documents():
            with tempfile.TemporaryDirectory() as files:
                take_in(opened, [write_passages(folder / "corpus.jsonl", Path(files))])
        opened.archive.optimise()
        passages = {row.id: Path(row.source).stem for row in opened.catalog.documents()}
        ways = searches(opened, settings, passages)
        return [(name, way, *recall(questions, search)) for way, search in ways.items()]


def write_passages(corpus: Path, folder: Path) -> Path:
    """Each passage as a Markdown file with its title as heading."""
    for passage in json_lines(corpus):
        (folder / f"{passage['id']}.md").write_text(f"# {passage['title']}\n\n{passage['text']}\n", encoding="utf-8")
    return folder


def searches(opened: Library, settings: Settings, passages: dict[str, str]) -> dict[str, Search]:
    """The ways of searching a library, by name; ``passages`` tells the passage of each document."""
    archival = open_archival(opened, settings)

    def documents(hits: list[Hit]) -> list[str]:
        return list(dict.fromkeys(passages[hit.document] for hit in hits))

    def vector(text: str) -> Any:
        return opened.embedder.embed([text])[0]

    return {
        "keyword": lambda q: documents(opened.archive.search(q, None, DEPTH, mode="keyword")),
        "vector": lambda q: documents(opened.archive.search(q, vector(q), DEPTH, mode="vector")),
        "hybrid": lambda q: documents(opened.archive.search(q, vector(q), DEPTH)),
        "hybrid, named documents preferred": lambda q: documents(list(archival.search(q).hits)),
    }


def recall(questions: list[dict[str, Any]], search: Search) -> tuple[float, float]:
    """Recall@5 and Recall@20 in per cent: the share of the gold passages among the first 5 and 20 found."""
    at5 = at20 = 0.0
    for question in questions:
        found, gold = search(question["question"]), set(question["gold_ids"])
        at5 += len(gold & set(found[:5])) / len(gold)
        at20 += len(gold & set(found[:20])) / len(gold)
    return 100 * at5 / len(questions), 100 * at20 / len(questions)


if __name__ == "__main__":
    main()
