"""Tables are read row by row, with every number in its row and column."""

from __future__ import annotations

from pathlib import Path

from ingest.types import Page
from tests.ingest.parsers.made import Text, page_of

HEAD: list[Text] = [(300, 100, "2018"), (400, 100, "2017")]


def table(page: Page) -> str:
    """The text of the page's only table."""
    (block,) = [block for block in page.blocks if block.kind == "table"]
    return page.text[block.start : block.end]


def test_labels_and_numbers_in_separate_texts_make_one_row(tmp_path: Path) -> None:
    labels: list[Text] = [(72, 100 + 14 * n, name) for n, name in enumerate(["Sales", "Costs", "Profit"])]
    numbers: list[Text] = [(300, 100 + 14 * n, value) for n, value in enumerate(["1,577", "1,200", "377"])]
    assert table(page_of(tmp_path, labels + numbers)) == "Sales | 1,577\nCosts | 1,200\nProfit | 377"


def test_currency_signs_and_brackets_go_to_their_numbers(tmp_path: Path) -> None:
    texts: list[Text] = [
        (72, 114, "Sales"), (280, 114, "$"), (300, 114, "1,577"), (380, 114, "$"), (400, 114, "(383"), (425, 114, ")"),
        (72, 128, "Margin"), (300, 128, "45.0"), (322, 128, "%"), (400, 128, "12.0"), (422, 128, "%"),
    ]  # fmt: skip
    assert table(page_of(tmp_path, HEAD + texts)) == "2018 | 2017\nSales | $1,577 | $(383)\nMargin | 45.0% | 12.0%"


def test_a_currency_sign_in_the_cell_before_moves_to_its_number(tmp_path: Path) -> None:
    texts: list[Text] = [
        (72, 114, "Sales $"),
        (300, 114, "1,577 $"),
        (400, 114, "1,200"),
        (72, 128, "Tax"),
        (300, 128, "77"),
    ]
    assert table(page_of(tmp_path, HEAD + texts)).splitlines()[1] == "Sales | $1,577 | $1,200"


def test_column_labels_are_kept_for_display_even_over_several_lines(tmp_path: Path) -> None:
    texts: list[Text] = [
        (300, 86, "Year ended December 31,"), *HEAD, (72, 114, "Sales"), (300, 114, "1,577"), (400, 114, "1,200"),
        (72, 128, "Costs"), (300, 128, "900"), (400, 128, "800"),
    ]  # fmt: skip
    page = page_of(tmp_path, texts)
    (block,) = [block for block in page.blocks if block.kind == "table"]
    assert block.columns == ("Year ended December 31, 2018", "Year ended December 31, 2017")
    assert page.text.count("2018") == 1


def test_an_empty_cell_keeps_its_column(tmp_path: Path) -> None:
    texts: list[Text] = [
        *HEAD, (72, 114, "Sales"), (300, 114, "1,577"), (400, 114, "1,200"), (72, 128, "Gain"), (400, 128, "800"),
        (72, 142, "Costs"), (300, 142, "900"), (400, 142, "700"),
    ]  # fmt: skip
    assert "\nGain |  | 800\n" in table(page_of(tmp_path, texts))


def test_a_label_that_goes_on_in_the_next_line_is_one_label(tmp_path: Path) -> None:
    texts: list[Text] = [
        (72, 100, "Sales"), (300, 100, "1,577"), (72, 112, "Net income of the group and all"),
        (76, 124, "of its subsidiaries"), (300, 124, "377"), (72, 136, "Tax"), (300, 136, "99"),
    ]  # fmt: skip
    assert "\nNet income of the group and all of its subsidiaries | 377\n" in table(page_of(tmp_path, texts))


def test_a_second_header_begins_a_second_table(tmp_path: Path) -> None:
    rows: list[Text] = []
    for top, years in ((100, ("2018", "2017")), (160, ("2016", "2015"))):
        rows += [(300, top, years[0]), (400, top, years[1])]
        for n, name in enumerate(("Sales", "Costs")):
            y = top + 14 * (n + 1)
            rows += [(72, y, name), (300, y, "1,577"), (400, y, "1,200")]
    page = page_of(tmp_path, rows)
    assert [block.columns for block in page.blocks] == [("2018", "2017"), ("2016", "2015")]


def test_running_text_is_no_table(tmp_path: Path) -> None:
    texts: list[Text] = [(72, 100 + 12 * n, "Words that run on and on over the whole of the line.") for n in range(6)]
    assert [block.kind for block in page_of(tmp_path, texts).blocks] == ["text"]
