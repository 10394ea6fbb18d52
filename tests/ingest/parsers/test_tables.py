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


def ruled(rows: list[list[str]], xs: list[float], bold: int = 1) -> list[Text]:
    """Rows of cells beginning at these x, the first of them bold, with the spacing of a ruled table."""
    return [
        (x, 100 + 19 * n, cell, 9, "hebo" if n < bold else "helv")
        for n, row in enumerate(rows)
        for x, cell in zip(xs, row, strict=True)
    ]


def test_small_whole_numbers_are_amounts_and_no_part_of_the_header(tmp_path: Path) -> None:
    rows = [["Days at sea", "2024", "2023"], ["Monitoring", "96", "92"], ["Surveys", "41", "38"], ["Total", "187", "9"]]
    page = page_of(tmp_path, ruled(rows, [76, 435, 465]))
    assert table(page) == "Days at sea | 2024 | 2023\nMonitoring | 96 | 92\nSurveys | 41 | 38\nTotal | 187 | 9"
    assert page.blocks[0].columns == ("2024", "2023")


def test_rows_of_words_under_a_bold_header_are_rows_of_their_own(tmp_path: Path) -> None:
    rows = [["Part", "Name", "Replace after"], ["K-2", "Cell", "36 months"], ["K-3", "Motor", "4,000 profiles"]]
    page = page_of(tmp_path, ruled(rows, [76, 177, 351]))
    assert table(page) == "Part | Name | Replace after\nK-2 | Cell | 36 months\nK-3 | Motor | 4,000 profiles"
    assert page.blocks[0].columns == ("Name", "Replace after")


def test_small_amounts_on_following_rows_stay_with_their_labels(tmp_path: Path) -> None:
    rows = [["Tax", "1,577", "1,200"], ["State", "75", "59"], ["Foreign", "64", "50"], ["Total", "1,716", "1,309"]]
    assert "\nState | 75 | 59\nForeign | 64 | 50\n" in table(page_of(tmp_path, ruled(rows, [76, 300, 400], bold=0)))


def test_a_cell_that_goes_on_in_the_next_lines_is_one_cell(tmp_path: Path) -> None:
    rows = [["2", "X-ray test", "Ship and Field", "30 November"], ["3", "Lower the limit to 1.5", "Board", "31 May"]]
    wrapped: list[Text] = [(325, 110, "Operations", 9), (439, 110, "2024", 9), (100, 129, "metres at sea", 9)]
    assert table(page_of(tmp_path, ruled(rows, [76, 100, 325, 439], bold=0) + wrapped)) == (
        "2 | X-ray test | Ship and Field Operations | 30 November 2024\n"
        "3 | Lower the limit to 1.5 metres at sea | Board | 31 May"
    )


def test_amounts_without_a_label_do_not_go_on_the_cells_above(tmp_path: Path) -> None:
    texts: list[Text] = [(76, 100, "Level", 9), (300, 100, "one", 9), (76, 111, "Cost", 9), (300, 111, "1,577", 9)]
    assert table(page_of(tmp_path, [*texts, (300, 122, "1,600", 9), (400, 122, "7", 9)])).count("\n") == 2


def test_footnotes_under_a_table_are_not_its_rows(tmp_path: Path) -> None:
    note: list[Text] = [(76, 157, "(1)", 9), (96, 157, "Restated for the change in rules.", 9)]
    rows = [["Sales", "1,577", "1,200"], ["Costs (1)", "900", "800"], ["Profit", "677", "400"]]
    page = page_of(tmp_path, ruled(rows, [76, 300, 400], bold=0) + note)
    assert table(page) == "Sales | 1,577 | 1,200\nCosts (1) | 900 | 800\nProfit | 677 | 400"


def test_running_text_is_no_table(tmp_path: Path) -> None:
    texts: list[Text] = [(72, 100 + 12 * n, "Words that run on and on over the whole of the line.") for n in range(6)]
    assert [block.kind for block in page_of(tmp_path, texts).blocks] == ["text"]


def test_lines_of_one_label_are_read_from_the_top(tmp_path: Path) -> None:
    head: list[Text] = [(76, 100, "($ million)"), (310, 95, "Rigid"), (300, 105, "Packaging"), (400, 100, "Total")]
    rows: list[Text] = [(76, 120, "Sales"), (300, 120, "1,577"), (400, 120, "1,600")]
    page = page_of(tmp_path, [*head, *rows, (76, 134, "Costs"), (300, 134, "900"), (400, 134, "950")])
    assert page.blocks[0].columns == ("Rigid Packaging", "Total")


def test_numbers_right_below_a_label_without_numbers_are_its_row(tmp_path: Path) -> None:
    rows: list[Text] = [(76, 100, "Sales"), (300, 100, "1,577"), (400, 100, "1,600")]
    for n, name in enumerate(("Amortization", "Restructuring")):
        rows += [(76, 124 + 24 * n, name), (300, 136 + 24 * n, "739"), (400, 136 + 24 * n, "12" if n else "383")]
    assert table(page_of(tmp_path, rows)) == "Sales | 1,577 | 1,600\nAmortization | 739 | 383\nRestructuring | 739 | 12"


def test_numbers_below_the_title_of_a_section_are_a_row_of_their_own(tmp_path: Path) -> None:
    rows: list[Text] = [(76, 100, "Sales"), (300, 100, "1,577"), (400, 100, "1,600"), (76, 112, "Costs:")]
    assert "\nCosts:\n739 | 383" in table(page_of(tmp_path, [*rows, (300, 124, "739"), (400, 124, "383")]))


def test_a_label_centred_over_a_group_of_columns_is_part_of_the_label_of_each(tmp_path: Path) -> None:
    texts: list[Text] = [(230, 86, "Three Months Ended"), (438, 86, "Half")]
    for n, x in enumerate((200, 260, 320, 380, 440, 500)):
        texts += [(x + 5, 100, ("2024", "2023", "Rise")[n % 3])]
        texts += [(x, 114, "1,577"), (x, 128, "1,200")]
    page = page_of(tmp_path, [*texts, (72, 114, "Sales"), (72, 128, "Costs")])
    years = ("2024", "2023", "Rise")
    assert page.blocks[0].columns == tuple(
        f"{name} {year}" for name in ("Three Months Ended", "Half") for year in years
    )
