"""Long texts in pages, and the words by which texts are compared."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from docqa.memory.longtext import PAGE_CHARS, pages
from docqa.memory.stems import stems


def test_a_short_text_is_one_page() -> None:
    assert pages("Who built it?") == ["Who built it?"]
    assert pages("") == [""]


def test_pages_end_at_white_space_where_there_is_any() -> None:
    assert all(page.endswith(" ") for page in pages("words " * 900)[:-1])
    assert [len(page) for page in pages("x" * 4000)] == [PAGE_CHARS, PAGE_CHARS, 800]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.builds(lambda part, n: part * n, st.text(max_size=90), st.integers(0, 200)))
def test_all_pages_together_are_the_text(text: str) -> None:
    made = pages(text)
    assert "".join(made) == text
    assert all(len(page) <= PAGE_CHARS for page in made)


@pytest.mark.parametrize(
    ("one", "other"),
    [("harbours", "harbour"), ("builder", "building"), ("Ada's", "Ada"), ("called", "calls"), ("ＡＤＡ", "ada")],
)
def test_forms_of_a_word_have_one_stem(one: str, other: str) -> None:
    assert stems(one) == stems(other)


def test_words_that_say_nothing_have_none() -> None:
    assert stems("Please tell me, what is it that you would say of this?") == frozenset()


def test_numbers_and_identifiers_stay_as_they_are() -> None:
    assert {"1931", "ax", "100077"} <= stems("In 1931: AX-100077")


def test_only_the_beginning_of_a_very_long_text_is_looked_at() -> None:
    assert "zebra" not in stems("word " * 9000 + "zebra")
