"""Pages and documents found in filings by one search with the raw question: ``python -m benchmarks.financebench``.

FinanceBench: share of a question's gold pages among the pages of the first k chunks, one index of all its PDFs.
SEC 10-Q: share of a question's source documents among the documents of the first 10 chunks.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from benchmarks.common import arguments, data_folder, json_lines, library, table, take_in
from docqa.memory.archival import open_archival
from docqa.settings import Settings
from ingest.library import Library
from ingest.types import Hit

DEPTH = 200
Search = Callable[[str], list[Hit]]


def main() -> None:
    """Measure both sets and print a table for each."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--verbose", action="store_true", help="print each question of FinanceBench with ranks")
    options = parser.parse_args()
    _financebench(options)
    _sec_10_q(options)


def _financebench(options: argparse.Namespace) -> None:
    folder = data_folder(options, "financebench")
    questions = json_lines(folder / "questions.jsonl")
    rows: list[tuple[object, ...]] = []
    with library(options, "financebench") as (opened, settings):
        documents = _take_in(opened, folder / "pdfs")
        for way, search in _searches(opened, settings).items():
            rows.append((way, *_pages_found(questions, search, documents, options.verbose and "named" in way)))
    table("FinanceBench, gold pages among those of the first chunks, %", ("search", "5", "20", "documents, 5"), rows)


def _sec_10_q(options: argparse.Namespace) -> None:
    folder = data_folder(options, "sec-10-q")
    questions = json_lines(folder / "questions.jsonl")
    rows: list[tuple[object, ...]] = []
    with library(options, "sec-10-q") as (opened, settings):
        documents = _take_in(opened, folder / "pdfs")
        for way, search in _searches(opened, settings).items():
            rows.append((way, _documents_found(questions, search, documents)))
    table("SEC 10-Q, source documents among those of the first 10 chunks, %", ("search", "10"), rows)


def _take_in(opened: Library, folder: Path) -> dict[str, str]:
    """Ingest a folder; the file name without suffix of each document."""
    take_in(opened, [folder])
    opened.archive.optimise()
    return {row.id: Path(row.source).stem for row in opened.catalog.documents()}


def _searches(opened: Library, settings: Settings) -> dict[str, Search]:
    archival = open_archival(opened, settings)

    def hybrid(question: str) -> list[Hit]:
        return opened.archive.search(question, opened.embedder.embed([question])[0], DEPTH)

    return {
        "keyword": lambda q: opened.archive.search(q, None, DEPTH, mode="keyword"),
        "hybrid": hybrid,
        "hybrid, named documents preferred": lambda q: list(archival.search(q).hits),
    }


def _pages_found(
    questions: list[dict[str, Any]], search: Search, documents: dict[str, str], verbose: bool
) -> tuple[float, float, float]:
    at5 = at20 = right = 0.0
    for question in questions:
        gold = {(question["doc_name"], e["evidence_page_num"] + 1) for e in question["evidence"]}
        found = [(documents[hit.document], hit.page) for hit in search(question["question"])]
        at5 += len(gold & set(found[:5])) / len(gold)
        at20 += len(gold & set(found[:20])) / len(gold)
        right += question["doc_name"] in {name for name, _ in found[:5]}
        if verbose:
            ranks = [found.index(page) + 1 if page in found else None for page in sorted(gold)]
            print(ranks, sorted(gold), question["question"][:150].replace("\n", " "))
    return 100 * at5 / len(questions), 100 * at20 / len(questions), 100 * right / len(questions)


def _documents_found(questions: list[dict[str, Any]], search: Search, documents: dict[str, str]) -> float:
    total = 0.0
    for question in questions:
        gold = {name for name in documents.values() if fnmatch(f"{name}.pdf", question["Source Docs"] + ".pdf")}
        gold = gold or {name for name in documents.values() if fnmatch(name, question["Source Docs"])}
        found = {documents[hit.document] for hit in search(question["Question"])[:10]}
        total += len(gold & found) / len(gold)
    return 100 * total / len(questions)


if __name__ == "__main__":
    main()
