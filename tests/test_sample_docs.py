"""The sample documents: they can be rebuilt, they hold what they are built to hold, the gold answers stand in them."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import pytest

pymupdf: Any = importlib.import_module("pymupdf")  # typed only in part

SAMPLES = Path(__file__).parent.parent / "sample_docs"
DOCUMENTS = sorted((SAMPLES / "documents").iterdir())
PDFS = [path for path in DOCUMENTS if path.suffix == ".pdf"]
QUESTIONS = [json.loads(line) for line in (SAMPLES / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
AT_LEAST = {"plain": 10, "table": 10, "multihop": 12, "comparison": 5, "policy": 3, "unanswerable": 10}


def build(folder: Path) -> Path:
    """Run the build script as a user would and return the folder that it filled."""
    command = [sys.executable, str(SAMPLES / "build.py"), str(folder)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return folder


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all documents made anew."""
    return build(tmp_path_factory.mktemp("samples"))


@cache
def pages_of(path: Path) -> tuple[str, ...]:
    """The raw text of each page; a format without pages counts as one."""
    if path.suffix == ".pdf":
        with pymupdf.open(path) as document:
            return tuple(page.get_text() for page in document)
    text = path.read_text(encoding="utf-8")
    return (unescape(re.sub(r"<[^>]+>", " ", text)) if path.suffix == ".html" else text.replace("*", ""),)


def plain(text: str) -> str:
    """Text without differences of ligatures, line ends, spaces and hyphens."""
    return re.sub(r"[\s\-\u00ad]+", "", unicodedata.normalize("NFKC", text))


def ids(path: Path) -> str:
    return path.name


def test_a_rebuild_makes_the_same_files_with_the_same_text(rebuilt: Path) -> None:
    assert sorted(path.name for path in rebuilt.iterdir()) == [path.name for path in DOCUMENTS]
    for path in DOCUMENTS:
        assert pages_of(rebuilt / path.name) == pages_of(path), path.name


def test_two_builds_give_the_same_bytes(rebuilt: Path, tmp_path: Path) -> None:
    for path in build(tmp_path).iterdir():
        assert path.read_bytes() == (rebuilt / path.name).read_bytes(), path.name


def test_there_are_enough_documents_and_they_are_small() -> None:
    assert len(DOCUMENTS) >= 12
    assert {path.suffix for path in DOCUMENTS} == {".pdf", ".html", ".md", ".txt"}
    assert sum(path.stat().st_size for path in DOCUMENTS) < 1_500_000


def test_the_report_has_twenty_pages_with_bookmarks_and_page_numbers() -> None:
    with pymupdf.open(SAMPLES / "documents" / "annual-report-2024.pdf") as report:
        assert report.page_count == 20
        assert {entry[2] for entry in report.get_toc()} == set(range(1, 21))
    for number, text in enumerate(pages_of(SAMPLES / "documents" / "annual-report-2024.pdf")[1:], start=2):
        assert "Skerrow Marine Observatory | Annual Report 2024" in text
        assert f"Page {number} of 20" in text


def test_the_contents_of_the_report_name_the_pages_where_its_parts_begin() -> None:
    path = SAMPLES / "documents" / "annual-report-2024.pdf"
    listed = re.findall(r"^(.+)\n(\d+)$", pages_of(path)[1].split("Page\n", 1)[1], flags=re.M)
    assert len(listed) == 18
    for title, page in listed:
        assert pages_of(path)[int(page) - 1].startswith(title)


def test_the_paper_is_set_in_two_columns() -> None:
    with pymupdf.open(SAMPLES / "documents" / "sensor-drift-paper.pdf") as paper:
        middle = paper[1].rect.width / 2
        lines = [block for block in paper[1].get_text("blocks") if 60 < block[1] < 770]
    left, right = [line for line in lines if line[2] <= middle], [line for line in lines if line[0] >= middle]
    assert len(left) + len(right) == len(lines)
    assert min(len(left), len(right)) >= 5


def test_the_handbook_holds_ligatures_hyphenation_and_hyphens_that_belong_to_words() -> None:
    text = "".join(pages_of(SAMPLES / "documents" / "field-handbook.pdf"))
    assert {"ﬁ", "ﬂ", "ﬃ", "ﬀ"} <= set(text)
    assert len(re.findall(r"[a-z]-\n[a-zﬁﬂ]", text)) >= 8
    assert "self-\ninﬂating" in text
    assert "long-\nterm" in text


def test_the_two_travel_policies_contradict_each_other() -> None:
    old, new = (pages_of(SAMPLES / "documents" / f"travel-policy-{year}.pdf")[0] for year in (2022, 2024))
    for text, date, rate in ((old, "1 March 2022", "0.30 euros"), (new, "1 September 2024", "0.38 euros")):
        assert plain(f"Effective from: {date}") in plain(text)
        assert rate in text
    assert "0.38 euros" not in old


Table = list[tuple[str, list[int]]]


def whole_number_tables(markdown: str) -> list[Table]:
    """The tables of a text, each as its rows that hold whole numbers only; numbers in brackets are negative."""
    tables = []
    for lines in re.findall(r"(?:^\|.+\|\n?)+", markdown, flags=re.M):
        rows: Table = []
        for line in re.sub(r"\*\*|<sup>\d</sup>|,(?=\d)", "", lines).splitlines():
            label, *cells = line.strip("| ").split(" | ")
            if cells and all(re.fullmatch(r"\d+|\(\d+\)", cell) for cell in cells):
                rows.append((label, [int(cell.replace("(", "-").strip(")")) for cell in cells]))
        tables.append(rows)
    return tables


@pytest.mark.parametrize(
    ("first", "total"),
    [
        ("GS-1", "Total"),
        ("Monitoring in Grey Sound", "Total"),
        ("New profiler", "Total"),
        ("Researchers", "Total"),
        ("Ocean Science", "Total"),
        ("Brannock Sensors", "Five largest suppliers of equipment"),
        ("Fuel of RV Lantern", "Total"),
        ("Government grant", "Total income"),
        ("Staff", "Total expenditure"),
        ("Vessel", "Total assets"),
        ("Reserves", "Total reserves and liabilities"),
        ("Surplus for the year", "Cash from operations"),
        ("Change in cash", "Cash at the end of the year"),
    ],
)
def test_the_numbers_of_the_report_add_up(first: str, total: str) -> None:
    report = (SAMPLES / "sources" / "annual-report-2024.md").read_text(encoding="utf-8")
    checked = 0
    for rows in whole_number_tables(report):
        labels = [label for label, _ in rows]
        if first in labels and total in labels:
            start, end = labels.index(first), labels.index(total)
            assert [sum(column) for column in zip(*(row for _, row in rows[start:end]), strict=True)] == rows[end][1]
            checked += 1
    assert checked


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["id"])
def test_each_gold_quote_stands_on_its_page(question: dict[str, Any]) -> None:
    for gold in question["gold"]:
        page = pages_of(SAMPLES / "documents" / gold["document"])[gold["page"] - 1]
        assert plain(gold["quote"]) in plain(page)


def test_questions_have_unique_ids_and_texts() -> None:
    assert len({question["id"] for question in QUESTIONS}) == len(QUESTIONS)
    assert len({question["question"] for question in QUESTIONS}) == len(QUESTIONS)


def test_there_are_enough_questions_of_each_kind() -> None:
    counts = Counter(question["kind"] for question in QUESTIONS)
    assert set(counts) == set(AT_LEAST)
    assert all(counts[kind] >= least for kind, least in AT_LEAST.items())
    assert len(QUESTIONS) >= 48


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["id"])
def test_a_question_has_an_answer_and_a_gold_page_unless_it_cannot_be_answered(question: dict[str, Any]) -> None:
    answerable = question["kind"] != "unanswerable"
    assert bool(question["answer"]) == bool(question["gold"]) == bool(question["hops"]) == answerable
    assert not answerable or question["quote"] == question["gold"][-1]["quote"]
    assert question["kind"] != "multihop" or 2 <= question["hops"] <= 4


def test_every_document_has_a_question() -> None:
    used = {gold["document"] for question in QUESTIONS for gold in question["gold"]}
    assert used == {path.name for path in DOCUMENTS}


def test_no_document_names_another_that_does_not_exist() -> None:
    text = "\n".join(page for path in DOCUMENTS for page in pages_of(path))
    identifiers = r"\b(?:IR|SA|FO|OS)-\d{4}-\d+\b|\bPOL-\d+\b|\bFH-\d+\b"
    existing = {"IR-2024-07", "SA-2023-014", "OS-2024-05", "POL-07", "FH-3"}
    frame_orders = {"FO-2021-019", "FO-2022-031", "FO-2023-008"}
    assert set(re.findall(identifiers, text)) == existing | frame_orders


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if path.suffix != ".pdf"], ids=ids)
def test_a_document_without_pages_is_short_enough_to_be_one_page(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8")) < 2_500
