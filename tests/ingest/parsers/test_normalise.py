"""Characters are written as a reader means them."""

from __future__ import annotations

import pytest

from ingest.parsers.normalise import clean, masked, squeezed


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("ﬁnancial", "financial"), ("oﬀer", "offer"), ("a\u00a0b", "a b"), ("con\u00adtract", "contract"),
        ("zero\u200bwidth", "zerowidth"), ("bell\x07", "bell"), ("\uf0b7", "•"), ("\ue123x", "x"), ("\ufffd", ""),
        ("naïve", "naïve"), ("日本語", "日本語"), ("\ud800x", "x"), ("a\0b", "ab"),
    ],
)  # fmt: skip
def test_a_word_is_cleaned(raw: str, plain: str) -> None:
    assert clean(raw) == plain


def test_a_soft_hyphen_at_the_end_is_kept_for_the_line_end() -> None:
    assert clean("exam\u00ad") == "exam\u00ad"


def test_numbers_are_masked_for_comparison() -> None:
    assert masked("Page  12 of 160") == "page # of #"


def test_titles_hold_no_lone_surrogate_and_no_nul() -> None:
    assert squeezed(" A\0  title\udfff\n") == "A title"
