"""Columns of prose are read one after the other."""

from __future__ import annotations

from pathlib import Path

from tests.ingest.parsers.made import Text, page_of


def column(x: float, y: float, name: str, lines: int) -> list[Text]:
    return [(x, y + 12 * n, f"{name}{n} is a line of words in a column") for n in range(lines)]


def in_order(text: str, *words: str) -> bool:
    places = [text.index(word) for word in words]
    return places == sorted(places)


def test_the_left_column_is_read_before_the_right_one(tmp_path: Path) -> None:
    left, right = column(72, 100, "left", 12), column(320, 100, "right", 12)
    mixed = [text for pair in zip(left, right, strict=True) for text in pair]
    assert in_order(page_of(tmp_path, mixed).text, "left0", "left11", "right0", "right11")


def test_a_title_across_the_columns_parts_what_stands_above_and_below(tmp_path: Path) -> None:
    texts = column(320, 100, "b", 8) + column(72, 100, "a", 8) + column(320, 250, "d", 8) + column(72, 250, "c", 8)
    texts.append((72, 220, "A title that goes across both of the columns of this page here", 14))
    assert in_order(page_of(tmp_path, texts).text, "a0", "a7", "b0", "b7", "A title", "c0", "c7", "d0", "d7")


def test_three_columns_are_read_in_order(tmp_path: Path) -> None:
    texts = [
        (x, 100 + 12 * n, f"{name}{n} of few words here")
        for n in range(10)
        for name, x in zip("abc", (40, 220, 400), strict=True)
    ]
    assert in_order(page_of(tmp_path, list(texts)).text, "a0", "a9", "b0", "b9", "c0", "c9")
