"""Plain text: encodings and how it is cut into pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.errors import EmptyError, TooLargeError
from ingest.parsers.text import PAGE_CHARACTERS, TextDocument, decoded


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_the_encoding_is_found(encoding: str) -> None:
    text = "Die Fähre über den Fluß kostet für Gäste zwölf Kronen, für Schüler nur fünf. " * 5
    assert decoded(text.encode(encoding)) == text


def test_paragraphs_become_blocks_and_pages_end_with_them(tmp_path: Path) -> None:
    paragraphs = [f"Paragraph {n} " + "word " * 100 for n in range(20)]
    (tmp_path / "a.txt").write_text("\n\n".join(paragraphs))
    document = TextDocument(tmp_path / "a.txt", "text", 99)
    survey = document.survey(lambda number: None)
    pages = [document.page(n, survey, lambda number: None) for n in range(1, survey.page_count + 1)]
    assert all(len(page.text) <= PAGE_CHARACTERS for page in pages)
    assert [b for page in pages for b in page.text.split("\n\n")] == [p.strip() for p in paragraphs]


def test_a_paragraph_longer_than_a_page_is_cut_at_a_word(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("word " * 2000)
    document = TextDocument(tmp_path / "a.txt", "text", 99)
    survey = document.survey(lambda number: None)
    texts = [document.page(n, survey, lambda number: None).text for n in range(1, survey.page_count + 1)]
    assert " ".join(texts) == ("word " * 2000).strip()


def test_a_text_of_white_space_is_empty(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(" \n\n \t\n")
    with pytest.raises(EmptyError, match="it holds no text"):
        TextDocument(tmp_path / "a.txt", "text", 99)


def test_a_text_that_makes_too_many_pages_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("word " * 2000)
    with pytest.raises(TooLargeError, match="DOCQA_MAX_PAGES allows 2"):
        TextDocument(tmp_path / "a.txt", "text", 2)
